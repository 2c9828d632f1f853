// Inner loops of the fused convolution block on images of one to three channels (first_conv_block.h).
//
// A patch p is the 3x3 neighborhood that one output pixel sees, with 9 I numbers called taps. Images are given with
// a border of one zero pixel: [height + 2, width + 2, I].
#pragma once

#include <cstdint>

#include "ops/cpu/channel_kernels.h"
#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

constexpr int first_block_most_channels = 3;

struct FirstBlockShape {
  std::int64_t height, width, in, out;
  std::int64_t out_padded;  ///< distance between rows of weights and sums: out, rounded up to 16

  std::int64_t taps() const { return 9 * in; }
  PoolShape pooled() const { return {height, width, out}; }
};

struct FirstBlockKernels {
  /// products[j * taps + k] += sum over the n pixels of tap[j] tap[k] for j <= k; sums[k] += sum of tap[k]. n is a
  /// multiple of 8.
  void (*tap_moments)(double* sums, double* products, const double* const* tap, int taps, std::int64_t n);
  /// y = ReLU(max over each window of shift[o] + sum over taps of weight[tap][o] p[tap]), taps in the order (r, s, i);
  /// winner as in ChannelKernels::pool.
  void (*conv_pool_relu)(float* y, std::uint8_t* winner, const float* bordered, const float* weight, const float* shift,
                         const FirstBlockShape& shape);
  /// Adds to row 0 of `sums` the sum of g, to row 1 + tap that of g p[tap] at each window's winner, with g = dL/dy
  /// where y is not <= 0, else 0. Rows of out_padded doubles.
  void (*gradient_sums)(double* sums, const PooledImage& pooled, const float* bordered, const FirstBlockShape& shape);
};

SRWM_DECLARE_KERNELS(FirstBlockKernels, first_block_kernels)

}  // namespace srwm::cpu
