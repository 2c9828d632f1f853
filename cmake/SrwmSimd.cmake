# srwm_simd_sources(TARGET sources...): compiles each source once per instruction-set level and links all versions into
# TARGET (one call per target); the program picks the best one that the machine has (lib/ops/cpu/simd_level.h says how to write such a source).
set(SRWM_SIMD_FLAGS -O3 -ffp-contract=fast -fno-math-errno)
if(SRWM_SANITIZE)
  list(TRANSFORM SRWM_SIMD_FLAGS REPLACE "^-O3$" "-O1")  # instrumented, -O3 takes GCC 12 minutes a file
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND SRWM_SIMD_FLAGS -fexpensive-optimizations)  # without it -O1 fuses no multiply-adds: other roundings
  endif()
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set(SRWM_SIMD_LEVELS v4 v3 base)
else()
  set(SRWM_SIMD_LEVELS base)
endif()
set(SRWM_SIMD_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512 -DSRWM_SIMD_BYTES=64)
set(SRWM_SIMD_FLAGS_v3 -march=x86-64-v3 -DSRWM_SIMD_BYTES=32)
set(SRWM_SIMD_FLAGS_base -DSRWM_SIMD_BYTES=16)

function(srwm_simd_sources target)
  foreach(level ${SRWM_SIMD_LEVELS})
    add_library(${target}_${level} OBJECT ${ARGN})
    target_compile_options(${target}_${level} PRIVATE ${SRWM_SIMD_FLAGS} ${SRWM_SIMD_FLAGS_${level}} -DSRWM_SIMD=${level})
    target_link_libraries(${target}_${level} PRIVATE srwm_options)
    target_include_directories(${target}_${level} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${level}>)
  endforeach()
endfunction()
