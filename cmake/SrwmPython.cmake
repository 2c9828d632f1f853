# Finds a Python 3 that has numpy, h5py and Pillow, for the tests of data_scripts/: SRWM_PYTHON, or NOTFOUND.
# The python3 that is first in PATH need not be the one the distribution's packages belong to.
if(NOT SRWM_PYTHON)
  foreach(candidate python3 /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import h5py, numpy, PIL, sys; print(sys.executable)"
                    OUTPUT_VARIABLE executable OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status ERROR_QUIET)
    if(status EQUAL 0)
      set(SRWM_PYTHON ${executable} CACHE FILEPATH "Python 3 with numpy, h5py and Pillow")
      break()
    endif()
  endforeach()
endif()

# srwm_python_test(NAME SCRIPT arguments...): runs SCRIPT of the current source folder. Without a suitable Python the
# test stays listed, as disabled.
function(srwm_python_test name script)
  if(SRWM_PYTHON)
    add_test(NAME ${name} COMMAND ${SRWM_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
    set_tests_properties(${name} PROPERTIES TIMEOUT 900)
  else()
    add_test(NAME ${name} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
    set_tests_properties(${name} PROPERTIES DISABLED ON)
  endif()
endfunction()

# srwm_plain_python_test(NAME SCRIPT arguments...): the same for a script that needs nothing but Python's own modules.
function(srwm_plain_python_test name script)
  add_test(NAME ${name} COMMAND python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 60)
endfunction()
