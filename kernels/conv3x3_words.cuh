// Rows of channels as the words that tensor cores multiply, from global to shared memory.
#pragma once

#include "kernels/precision.h"
#include "kernels/tensor_core.cuh"

namespace srwm::cuda {

/// Channels that share a 32-bit word: float32 and tf32 numbers have one each, bf16 two.
template <ProductPrecision P>
constexpr int channels_per_word = P == ProductPrecision::bf16 ? 2 : 1;

template <ProductPrecision P>
__device__ __forceinline__ unsigned one_word(float value) {
  static_assert(P != ProductPrecision::bf16);
  return P == ProductPrecision::tf32 ? to_tf32(value) : __float_as_uint(value);
}

/// Channels channel, channel + 1, ... of a row as four words; zeros from `channels` on, which is a multiple of four.
template <ProductPrecision P>
__device__ __forceinline__ uint4 load_words(const float* row, int channel, int channels) {
  const float4 zeros = make_float4(0, 0, 0, 0);
  const auto* from = reinterpret_cast<const float4*>(row + channel);
  const float4 a = channel < channels ? __ldg(from) : zeros;
  if constexpr (P == ProductPrecision::bf16) {
    const float4 b = channel + 4 < channels ? __ldg(from + 1) : zeros;
    return {to_bf16_pair(a.x, a.y), to_bf16_pair(a.z, a.w), to_bf16_pair(b.x, b.y), to_bf16_pair(b.z, b.w)};
  } else {
    return {one_word<P>(a.x), one_word<P>(a.y), one_word<P>(a.z), one_word<P>(a.w)};
  }
}

/// A piece of a matrix [rows, channels].
struct RowPiece {
  const float* data;
  int first_row, rows;    ///< rows to load
  int begin, end;         ///< those outside [begin, end) become zeros
  int channels, channel;  ///< `channel` is the first one to load
};

/// Stores `Words` words of each row of a piece, rows `Stride` words apart. All `Threads` threads of the block call it.
template <ProductPrecision P, int Words, int Stride, int Threads>
__device__ __forceinline__ void load_rows(unsigned* to, const RowPiece& piece) {
  constexpr int quads = Words / 4;
  [[maybe_unused]] constexpr int at_once = 4 / channels_per_word<P>;
#pragma unroll at_once
  for (int e = static_cast<int>(threadIdx.x); e < piece.rows * quads; e += Threads) {
    const int row = piece.first_row + e / quads, word = e % quads * 4;
    const bool inside = row >= piece.begin && row < piece.end;
    const float* from = piece.data + static_cast<std::int64_t>(inside ? row : piece.begin) * piece.channels;
    const uint4 words = load_words<P>(from, piece.channel + word * channels_per_word<P>, inside ? piece.channels : 0);
    *reinterpret_cast<uint4*>(to + e / quads * Stride + word) = words;
  }
}

/// C += A B of words in the given precision. In float32 each factor is cut into its first 11 bits and the rest.
template <ProductPrecision P>
struct Products;

template <>
struct Products<ProductPrecision::tf32> {
  template <int Columns>
  __device__ static void add(float (&c)[Columns][4], const unsigned (&a)[4], const unsigned (&b)[Columns][2]) {
#pragma unroll
    for (int n = 0; n < Columns; ++n) multiply_tf32(c[n], a, b[n]);
  }
};

template <>
struct Products<ProductPrecision::bf16> {
  template <int Columns>
  __device__ static void add(float (&c)[Columns][4], const unsigned (&a)[4], const unsigned (&b)[Columns][2]) {
#pragma unroll
    for (int n = 0; n < Columns; ++n) multiply_bf16(c[n], a, b[n]);
  }
};

/// What a tf32 factor leaves of a float32 number, exactly; the tensor core ignores its own lowest bits.
__device__ __forceinline__ unsigned rest_of(unsigned bits) {
  return __float_as_uint(__uint_as_float(bits) - __uint_as_float(bits & 0xFFFFE000u));
}

template <>
struct Products<ProductPrecision::fp32> {
  template <int Columns>
  __device__ static void add(float (&c)[Columns][4], const unsigned (&a)[4], const unsigned (&b)[Columns][2]) {
    unsigned rest[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) rest[j] = rest_of(a[j]);
#pragma unroll
    for (int n = 0; n < Columns; ++n) {
      const unsigned rest_of_b[2] = {rest_of(b[n][0]), rest_of(b[n][1])};
      multiply_tf32(c[n], rest, b[n]);  // the small products first
      multiply_tf32(c[n], a, rest_of_b);
      multiply_tf32(c[n], a, b[n]);
    }
  }
};

}  // namespace srwm::cuda
