# cmake -P script: writes OUTPUT if the commit or the dirty flag changed.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(commit "unknown")
endif()
execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
if(changes STREQUAL "")
  set(dirty false)
else()
  set(dirty true)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#define SRWM_VERSION "@VERSION@"
#define SRWM_COMMIT "@commit@"
#define SRWM_DIRTY @dirty@
#define SRWM_BUILD_TYPE "@BUILD_TYPE@"
]] @ONLY)
