// 3x3 max-pool with stride 2 and padding 1, channels last, and its gradient. A thread per element of y forward and of x
// backward, whose element lies in up to four windows: no atomics.
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/max_pool3x3.h"
#include "kernels/pool.cuh"

namespace srwm::cuda {
namespace {

/// A thread per element of y.
__global__ void max_pool3x3_kernel(Pool3x3Shape s, const float* x, float* y, std::uint8_t* winner) {
  const int height = (s.height + 1) / 2, width = (s.width + 1) / 2;
  for (std::int64_t i = thread_index(); i < s.images * height * width * s.channels; i += thread_count()) {
    const int c = static_cast<int>(i % s.channels), w = static_cast<int>(i / s.channels % width);
    const std::int64_t line = i / s.channels / width;
    const int h = static_cast<int>(line % height);
    const float* image = x + line / height * s.height * s.width * s.channels + c;
    Largest largest = {};
    int taken = 0;  // the first element inside is the largest so far, whatever it is
#pragma unroll
    for (int k = 0; k < 9; ++k) {
      const int row = 2 * h + k / 3 - 1, column = 2 * w + k % 3 - 1;
      if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
      const float value = image[(row * s.width + column) * s.channels];
      if (taken++ == 0) {
        largest = {value, static_cast<std::uint8_t>(k)};
      } else {
        largest.take(value, k);
      }
    }
    y[i] = largest.value;
    winner[i] = largest.index;
  }
}

/// A thread per element of x, which lies in up to four windows.
__global__ void max_pool3x3_backward_kernel(Pool3x3Shape s, const float* dL_dy, const std::uint8_t* winner,
                                            float* dL_dx, bool accumulate) {
  const int height = (s.height + 1) / 2, width = (s.width + 1) / 2;
  for (std::int64_t i = thread_index(); i < s.images * s.height * s.width * s.channels; i += thread_count()) {
    const int c = static_cast<int>(i % s.channels), column = static_cast<int>(i / s.channels % s.width);
    const std::int64_t line = i / s.channels / s.width;
    const int row = static_cast<int>(line % s.height);
    const std::int64_t image = line / s.height * height * width;
    float sum = 0;
    // An even row lies in the middle of one window, an odd one at the end of one and the beginning of the next.
    for (int h = row / 2; h <= (row + 1) / 2 && h < height; ++h) {
      for (int w = column / 2; w <= (column + 1) / 2 && w < width; ++w) {
        const std::int64_t at = (image + h * width + w) * s.channels + c;
        const int k = 3 * (row - 2 * h + 1) + column - 2 * w + 1;
        if (winner[at] == k) sum += dL_dy[at];
      }
    }
    put(accumulate, dL_dx[i], sum);
  }
}

}  // namespace

void max_pool3x3(cudaStream_t stream, const Pool3x3Shape& s, const float* x, float* y, std::uint8_t* winner) {
  const std::int64_t elements = s.images * ((s.height + 1) / 2) * ((s.width + 1) / 2) * s.channels;
  launch("max_pool3x3", max_pool3x3_kernel, elementwise(elements), stream, s, x, y, winner);
}

void max_pool3x3_backward(cudaStream_t stream, const Pool3x3Shape& s, const float* dL_dy, const std::uint8_t* winner,
                          float* dL_dx, bool accumulate) {
  launch("max_pool3x3_backward", max_pool3x3_backward_kernel, elementwise(s.images * s.height * s.width * s.channels),
         stream, s, dL_dy, winner, dL_dx, accumulate);
}

}  // namespace srwm::cuda
