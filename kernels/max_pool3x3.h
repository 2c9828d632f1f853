// 3x3 max-pooling, stride 2, padding 1, channels last.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct Pool3x3Shape {
  std::int64_t images;
  int height, width, channels;
};

/// y = max over each window's elements inside the image; winner = 3 r + s of the first largest. A NaN wins.
void max_pool3x3(cudaStream_t stream, const Pool3x3Shape& shape, const float* x, float* y, std::uint8_t* winner);
/// dL_dx (+)= sum of dL_dy over the windows that the element won, in row-major order.
void max_pool3x3_backward(cudaStream_t stream, const Pool3x3Shape& shape, const float* dL_dy,
                          const std::uint8_t* winner, float* dL_dx, bool accumulate);

}  // namespace srwm::cuda
