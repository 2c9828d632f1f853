# Sources of the CUDA library, for nvcc (lib/ops/cuda) and for the emulator (kernels/emulator).
file(GLOB SRWM_CUDA_BODIES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/ops/cuda/*.cpp)
list(FILTER SRWM_CUDA_BODIES EXCLUDE REGEX "/library\\.cpp$")
file(GLOB SRWM_CUDA_KERNELS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
