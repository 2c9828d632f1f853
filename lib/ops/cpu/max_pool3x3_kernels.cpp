#include "ops/cpu/max_pool3x3_kernels.h"

#include "ops/cpu/channel_blocks.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

void pool(float* y, std::uint8_t* winner, const Window3x3& window, std::int64_t channels) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    for (std::int64_t at = c; at < c + n * lanes; at += lanes) {
      Vec largest = access.get(window.element[0] + at);
      Mask number = Mask{} + window.number[0];
      for (int i = 1; i < window.count; ++i) {
        const Vec x = access.get(window.element[i] + at);
        const Mask better = (x > largest) | (x != x);  // a NaN wins, as in PyTorch
        largest = better ? x : largest;
        number = better ? Mask{} + window.number[i] : number;
      }
      access.put(y + at, largest);
      access.put_bytes(winner + at, number);
    }
  });
}

}  // namespace

const MaxPool3x3Kernels max_pool3x3_kernels{pool};

}  // namespace srwm::cpu::SRWM_SIMD
