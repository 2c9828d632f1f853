# Sources of the CUDA library, for nvcc (here) and for the emulator (kernels/emulator).
set(SRWM_CUDA_BODIES
  add.cpp
  backend.cpp
  batch_norm.cpp
  concat_one_hot.cpp
  conv3x3.cpp
  conv_block.cpp
  cross_entropy.cpp
  delta_net.cpp
  dropout.cpp
  flatten_chw.cpp
  gather_images.cpp
  gemm.cpp
  layer_norm.cpp
  linear.cpp
  lstm.cpp
  max_pool2x2.cpp
  pack_srwm.cpp
  queue.cpp
  relu.cpp
  select_rows.cpp
  srwm.cpp
  update.cpp)
list(TRANSFORM SRWM_CUDA_BODIES PREPEND ${PROJECT_SOURCE_DIR}/lib/ops/cuda/)
set(SRWM_CUDA_KERNELS
  delta_net.cu
  delta_net_in_memory.cu
  elementwise.cu
  fast_weights.cu
  gather_images.cu
  lstm.cu
  normalisation.cu
  srwm.cu
  srwm_in_memory.cu
  update.cu)
list(TRANSFORM SRWM_CUDA_KERNELS PREPEND ${PROJECT_SOURCE_DIR}/kernels/)
