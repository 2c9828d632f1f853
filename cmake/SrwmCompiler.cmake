# Language level, warnings and sanitizers for all targets of this project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

add_library(srwm_options INTERFACE)
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
             -Wno-missing-field-initializers)  # what {.a = 1} leaves out is meant to be default
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND warnings -Wno-restrict)  # GCC bug 105651: false alarms about std::string's operator+
endif()
if(SRWM_WERROR)
  list(APPEND warnings -Werror)
endif()
# Not for nvcc, whose generated code warns; the emulator compiles the kernels as C++.
target_compile_options(srwm_options INTERFACE "$<$<COMPILE_LANGUAGE:C,CXX>:${warnings}>")
if(SRWM_PORTABLE)
  target_compile_options(srwm_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)  # messages name lib/x.cpp everywhere
endif()
if(SRWM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SRWM_FUZZ needs Clang, which brings libFuzzer: cmake --preset fuzz. Without it the fuzz targets "
                        "are tests, with inputs of a fixed seed.")
  endif()
  target_compile_options(srwm_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SRWM_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(srwm_options INTERFACE -Wno-maybe-uninitialized)  # false alarms about instrumented code
  endif()
  target_compile_options(srwm_options INTERFACE -fsanitize=${SRWM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(srwm_options INTERFACE -fsanitize=${SRWM_SANITIZE})
endif()
if(SRWM_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(srwm_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()
target_include_directories(srwm_options INTERFACE ${PROJECT_SOURCE_DIR}/lib)

# The fastest linker that works with this compiler. Tarballs for other machines are linked by the system's own.
set(SRWM_LINKER_USED "the system's")
if(NOT SRWM_PORTABLE)
  include(CheckCXXSourceCompiles)
  foreach(linker mold lld)
    set(CMAKE_REQUIRED_LINK_OPTIONS -fuse-ld=${linker})
    check_cxx_source_compiles("int main() {}" SRWM_LINKS_WITH_${linker})
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    if(SRWM_LINKS_WITH_${linker})
      target_link_options(srwm_options INTERFACE -fuse-ld=${linker})
      set(SRWM_LINKER_USED ${linker})
      break()
    endif()
  endforeach()
endif()

# ccache fails every compilation where it cannot write its folder (no home, a read-only one), so it is tried first.
find_program(SRWM_CCACHE ccache DOC "Path of ccache, or OFF")
set(SRWM_CCACHE_USED "no")
if(SRWM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(probe ${PROJECT_BINARY_DIR}/CMakeFiles/ccache_probe)
  file(WRITE ${probe}.cpp "int main() {}\n")
  execute_process(COMMAND ${SRWM_CCACHE} ${CMAKE_CXX_COMPILER} -c ${probe}.cpp -o ${probe}.o
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${SRWM_CCACHE})
    set(SRWM_CCACHE_USED ${SRWM_CCACHE})
  else()
    set(SRWM_CCACHE_USED "no, ${SRWM_CCACHE} cannot write its cache folder")
  endif()
endif()

# srwm_library(NAME [sources...] [FOLDERS folders...] LINK targets... [ALONE sources...] [COLD]): one static library per
# folder of lib/. Without sources it takes every .cpp file of FOLDERS (the current one unless said otherwise); a new file is
# found at the next build, and files called *_kernels.cpp are compiled once per instruction set (cmake/SrwmSimd.cmake).
# With SRWM_UNITY several sources are one compilation: most of a small source's time is its headers. What is named under
# ALONE is compiled separately. Names in unnamed namespaces of one folder have to differ (scripts/unity_names.py, part of
# `make lint`). COLD code reads, prints and never computes: -O1 compiles it in two thirds of the time.
function(srwm_library name)
  cmake_parse_arguments(ARG "COLD" "" "FOLDERS;LINK;ALONE" ${ARGN})
  set(sources ${ARG_UNPARSED_ARGUMENTS} ${ARG_ALONE})
  set(kernels "")
  if(NOT ARG_UNPARSED_ARGUMENTS)
    if(NOT ARG_FOLDERS)
      set(ARG_FOLDERS .)
    endif()
    list(TRANSFORM ARG_FOLDERS APPEND "/*.cpp" OUTPUT_VARIABLE patterns)
    file(GLOB sources CONFIGURE_DEPENDS ${patterns})
    set(kernels ${sources})
    list(FILTER kernels INCLUDE REGEX "_kernels\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_kernels\\.cpp$")
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC srwm_options ${ARG_LINK})
  if(kernels)
    srwm_simd_sources(${name} ${kernels})
  endif()
  if(ARG_COLD)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(SRWM_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 14)
    set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()
