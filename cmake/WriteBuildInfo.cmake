# cmake -P script: writes OUTPUT if the commit or the dirty flag changed.
# The commit comes from git if SOURCE_DIR is the top of a checkout, else from the file that git archive fills in,
# else it is "unknown".
function(run_git output)
  execute_process(COMMAND git -C ${SOURCE_DIR} ${ARGN} OUTPUT_VARIABLE text RESULT_VARIABLE status
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${output} "${text}" PARENT_SCOPE)
  set(git_status "${status}" PARENT_SCOPE)
endfunction()

set(commit "unknown")
set(dirty false)
run_git(prefix rev-parse --show-prefix)
if(git_status EQUAL 0 AND prefix STREQUAL "")
  run_git(commit rev-parse --short=12 HEAD)
  run_git(changes status --porcelain --untracked-files=no)
  if(NOT changes STREQUAL "")
    set(dirty true)
  endif()
else()
  file(READ ${SOURCE_DIR}/cmake/archive_commit.txt archived)
  string(STRIP "${archived}" archived)
  if(archived MATCHES "^[0-9a-f]+$")
    string(SUBSTRING ${archived} 0 12 commit)
  endif()
endif()

file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#define SRWM_VERSION "@VERSION@"
#define SRWM_COMMIT "@commit@"
#define SRWM_DIRTY @dirty@
#define SRWM_BUILD_TYPE "@BUILD_TYPE@"
]] @ONLY)
