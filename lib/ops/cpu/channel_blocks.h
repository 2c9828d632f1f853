// Walking over channels in blocks of vectors, for kernel sources.
#pragma once

#include "ops/cpu/simd.h"

namespace srwm::cpu::SRWM_SIMD {

using ByteVec = std::uint8_t __attribute__((vector_size(lanes)));
using UnalignedByteVec = std::uint8_t __attribute__((vector_size(lanes), aligned(1), may_alias));

/// Access to a whole vector of channels.
struct Whole {
  Vec get(const float* p) const { return load(p); }
  void put(float* p, Vec v) const { store(p, v); }
  Mask get_bytes(const std::uint8_t* p) const {
    return __builtin_convertvector(*reinterpret_cast<const UnalignedByteVec*>(p), Mask);
  }
  void put_bytes(std::uint8_t* p, Mask v) const {
    *reinterpret_cast<UnalignedByteVec*>(p) = __builtin_convertvector(v, ByteVec);
  }
};

/// Access to the first n channels of a vector; the others read as zero.
struct Part {
  int n;

  Vec get(const float* p) const { return load_first(p, n); }
  void put(float* p, Vec v) const { store_first(p, v, n); }
  Mask get_bytes(const std::uint8_t* p) const {
    Mask v = {};
    for (int i = 0; i < n; ++i) v[i] = p[i];
    return v;
  }
  void put_bytes(std::uint8_t* p, Mask v) const {
    for (int i = 0; i < n; ++i) p[i] = static_cast<std::uint8_t>(v[i]);
  }
};

/// Calls f.template operator()<vectors>(access, c) for blocks of channels from c on: four vectors, one, part of one.
template <typename F>
inline void for_channel_blocks(std::int64_t channels, const F& f) {
  std::int64_t c = 0;
  for (; c + 4 * lanes <= channels; c += 4 * lanes) f.template operator()<4>(Whole{}, c);
  for (; c + lanes <= channels; c += lanes) f.template operator()<1>(Whole{}, c);
  if (c < channels) f.template operator()<1>(Part{static_cast<int>(channels - c)}, c);
}

}  // namespace srwm::cpu::SRWM_SIMD
