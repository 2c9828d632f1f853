// Philox4x32-10 on the device: the numbers of core/rng.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct PhiloxBlock {
  std::uint32_t word[4];
};

/// Ten rounds on the counter (c0, c1, c2, c3) under the key (k0, k1).
__device__ __forceinline__ PhiloxBlock philox(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3,
                                              std::uint32_t k0, std::uint32_t k1) {
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const std::uint32_t high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
    const std::uint32_t high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

}  // namespace srwm::cuda
