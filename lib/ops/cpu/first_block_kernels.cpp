#include "ops/cpu/first_block_kernels.h"

#include "ops/cpu/pool_window.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

constexpr int double_lanes = lanes / 2;
using DoubleVec = double __attribute__((vector_size(SRWM_SIMD_BYTES)));
using UnalignedDoubleVec = double __attribute__((vector_size(SRWM_SIMD_BYTES), aligned(8), may_alias));

inline DoubleVec load_doubles(const double* p) {
  return *reinterpret_cast<const UnalignedDoubleVec*>(p);
}

inline double sum_of(DoubleVec v) {
  double total = 0;
  for (int i = 0; i < double_lanes; ++i) total += v[i];
  return total;
}

/// Products of tap j with `count` taps from k on, and with 1.
template <int count>
void tap_products(double* sums, double* products, const double* const* tap, int taps, int j, int k, std::int64_t n) {
  DoubleVec total = {}, product[count] = {};
  for (std::int64_t i = 0; i < n; i += double_lanes) {
    const DoubleVec left = load_doubles(tap[j] + i);
    total += left;
#pragma GCC unroll 8
    for (int m = 0; m < count; ++m) product[m] += left * load_doubles(tap[k + m] + i);
  }
  for (int m = 0; m < count; ++m) products[j * taps + k + m] += sum_of(product[m]);
  if (k == j) sums[j] += sum_of(total);
}

void tap_moments(double* sums, double* products, const double* const* tap, int taps, std::int64_t n) {
  for (int j = 0; j < taps; ++j) {
    int k = j;
    for (; k + 8 <= taps; k += 8) tap_products<8>(sums, products, tap, taps, j, k, n);
    if (k + 4 <= taps) tap_products<4>(sums, products, tap, taps, j, k, n), k += 4;
    if (k + 2 <= taps) tap_products<2>(sums, products, tap, taps, j, k, n), k += 2;
    if (k < taps) tap_products<1>(sums, products, tap, taps, j, k, n);
  }
}

/// Where tap (r, s, i) of the pixel (h, w) = (row, column) of a window is, from the window's first tap.
template <int in>
inline std::int64_t tap_offset(int pixel, int tap, std::int64_t row_floats) {
  const int row = pixel / 2 + tap / (3 * in), column = (pixel % 2) * in + tap % (3 * in);
  return row * row_floats + column;
}

template <int in, typename Access>
void conv_pool_relu_vector(const Access& access, float* y, std::uint8_t* winner, const float* bordered,
                           const float* weight, Vec shift, const FirstBlockShape& shape) {
  const std::int64_t row = (shape.width + 2) * in;
  for_each_window(shape.pooled(), [&](std::int64_t h, std::int64_t w) {
    const float* window = bordered + 2 * h * row + 2 * w * in;
    Vec z[4] = {shift, shift, shift, shift};
#pragma GCC unroll 27
    for (int tap = 0; tap < 9 * in; ++tap) {
      const Vec tap_weight = load(weight + tap * shape.out_padded);
#pragma GCC unroll 4
      for (int pixel = 0; pixel < 4; ++pixel)
        z[pixel] += tap_weight * broadcast(window[tap_offset<in>(pixel, tap, row)]);
    }
    const Largest best = largest_of(z[0], z[1], z[2], z[3]);
    const std::int64_t at = (h * (shape.width / 2) + w) * shape.out;
    access.put(y + at, relu(best.value));
    access.put_bytes(winner + at, best.index);
  });
}

/// Calls f(access, c) for each vector of channels.
template <typename F>
inline void for_each_vector(std::int64_t channels, const F& f) {
  std::int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) f(Whole{}, c);
  if (c < channels) f(Part{static_cast<int>(channels - c)}, c);
}

template <int in>
void conv_pool_relu_of(float* y, std::uint8_t* winner, const float* bordered, const float* weight, const float* shift,
                       const FirstBlockShape& shape) {
  for_each_vector(shape.out, [&](auto access, std::int64_t c) {
    conv_pool_relu_vector<in>(access, y + c, winner + c, bordered, weight + c, access.get(shift + c), shape);
  });
}

void conv_pool_relu(float* y, std::uint8_t* winner, const float* bordered, const float* weight, const float* shift,
                    const FirstBlockShape& shape) {
  if (shape.in == 1) conv_pool_relu_of<1>(y, winner, bordered, weight, shift, shape);
  if (shape.in == 2) conv_pool_relu_of<2>(y, winner, bordered, weight, shift, shape);
  if (shape.in == 3) conv_pool_relu_of<3>(y, winner, bordered, weight, shift, shape);
}

inline void add(double* total, Vec v) {
  for (int i = 0; i < lanes; ++i) total[i] += static_cast<double>(v[i]);
}

template <int in, typename Access>
void gradient_sums_vector(const Access& access, double* sums, const PooledImage& pooled, const float* bordered,
                          std::int64_t c, const FirstBlockShape& shape) {
  const std::int64_t row = (shape.width + 2) * in;
  Vec total = {}, product[9 * in] = {};
  for_each_window(shape.pooled(), [&](std::int64_t h, std::int64_t w) {
    const std::int64_t at = (h * (shape.width / 2) + w) * shape.out + c;
    const float* window = bordered + 2 * h * row + 2 * w * in;
    const Vec g = through_relu(access, pooled, at);
    const Mask index = access.get_bytes(pooled.winner + at);
    total += g;
#pragma GCC unroll 4
    for (int pixel = 0; pixel < 4; ++pixel) {
      const Vec won = index == pixel ? g : Vec{};
#pragma GCC unroll 27
      for (int tap = 0; tap < 9 * in; ++tap) {
        product[tap] += won * broadcast(window[tap_offset<in>(pixel, tap, row)]);
      }
    }
  });
  add(sums + c, total);
  for (int tap = 0; tap < 9 * in; ++tap) add(sums + (1 + tap) * shape.out_padded + c, product[tap]);
}

void gradient_sums(double* sums, const PooledImage& pooled, const float* bordered, const FirstBlockShape& shape) {
  for_each_vector(shape.out, [&](auto access, std::int64_t c) {
    if (shape.in == 1) gradient_sums_vector<1>(access, sums, pooled, bordered, c, shape);
    if (shape.in == 2) gradient_sums_vector<2>(access, sums, pooled, bordered, c, shape);
    if (shape.in == 3) gradient_sums_vector<3>(access, sums, pooled, bordered, c, shape);
  });
}

}  // namespace

const FirstBlockKernels first_block_kernels{tap_moments, conv_pool_relu, gradient_sums};

}  // namespace srwm::cpu::SRWM_SIMD
