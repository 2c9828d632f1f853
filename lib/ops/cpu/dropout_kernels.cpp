#include "ops/cpu/dropout_kernels.h"

#include "ops/cpu/simd.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace srwm::cpu::SRWM_SIMD {
namespace {

/// One 32-bit word of each of several Philox blocks, in the lower halves; the upper halves hold anything.
using Words = std::uint64_t __attribute__((vector_size(SRWM_SIMD_BYTES)));
/// The same bits as single words, in the order of the elements they belong to.
using Word32s = std::uint32_t __attribute__((vector_size(SRWM_SIMD_BYTES)));
constexpr int blocks = SRWM_SIMD_BYTES / 8;
static_assert(DropoutKernels::alignment % (2 * lanes) == 0);

inline Words broadcast_word(std::uint64_t x) {
  return x - Words{};
}

/// 64-bit products of the lower halves.
inline Words multiply(Words a, Words b) {
#if defined(__AVX512F__)
  // With a mask of ones, since GCC 12 warns of uninitialized use inside its own _mm512_mul_epu32.
  return reinterpret_cast<Words>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__x86_64__)
  return reinterpret_cast<Words>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

/// a[0], b[0], a[1], b[1], ... : the first or the second half of it.
inline Words interleave_first(Words a, Words b) {
#if SRWM_SIMD_BYTES == 64
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#elif SRWM_SIMD_BYTES == 32
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
  return __builtin_shufflevector(a, b, 0, 2);
#endif
}
inline Words interleave_second(Words a, Words b) {
#if SRWM_SIMD_BYTES == 64
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif SRWM_SIMD_BYTES == 32
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  return __builtin_shufflevector(a, b, 1, 3);
#endif
}

/// Factors of 2 `lanes` neighboring elements.
struct Factors {
  Vec first, second;
};

inline Vec select(const DropoutMask& mask, Words words) {
  const Mask dropped = reinterpret_cast<Mask>(reinterpret_cast<Word32s>(words) < mask.dropped_below);
  return dropped ? Vec{} : broadcast(mask.scale);
}

/// Ten rounds of Philox4x32 (core/rng.cpp) on blocks `block`, `block` + 1, ...
inline Factors draw(const DropoutMask& mask, std::uint64_t block) {
  const Words m0 = broadcast_word(0xD2511F53), m1 = broadcast_word(0xCD9E8D57);
  Words c0 = broadcast_word(block);
  for (int i = 0; i < blocks; ++i) c0[i] += static_cast<std::uint64_t>(i);
  Words c1 = c0 >> 32, c2 = broadcast_word(mask.step), c3 = broadcast_word(mask.stream);
  std::uint32_t k0 = mask.key[0], k1 = mask.key[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const Words p0 = multiply(m0, c0), p1 = multiply(m1, c2);
    c0 = (p1 >> 32) ^ c1 ^ k0;
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ k1;
    c3 = p0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const Words c01 = (c0 & 0xFFFFFFFF) | (c1 << 32), c23 = (c2 & 0xFFFFFFFF) | (c3 << 32);
  return {select(mask, interleave_first(c01, c23)), select(mask, interleave_second(c01, c23))};
}

/// Up to `lanes` elements.
inline void write(Vec factor, const float* x, float* y, int n, bool accumulate) {
  const Vec scaled = load_first(x, n) * factor;
  store_first(y, accumulate ? load_first(y, n) + scaled : scaled, n);
}

inline int at_most_lanes(std::int64_t n) {
  return n >= lanes ? lanes : n <= 0 ? 0 : static_cast<int>(n);
}

void apply(const DropoutMask& mask, std::int64_t begin, std::int64_t end, const float* x, float* y, bool accumulate) {
  for (std::int64_t i = begin; i < end; i += 2 * lanes) {
    const Factors factors = draw(mask, mask.first + static_cast<std::uint64_t>(i / 4));
    write(factors.first, x + i, y + i, at_most_lanes(end - i), accumulate);
    write(factors.second, x + i + lanes, y + i + lanes, at_most_lanes(end - i - lanes), accumulate);
  }
}

}  // namespace

const DropoutKernels dropout_kernels{apply};

}  // namespace srwm::cpu::SRWM_SIMD
