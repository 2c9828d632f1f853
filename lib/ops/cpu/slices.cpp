#include "ops/cpu/slices.h"

#include <algorithm>

#include "core/parallel.h"

namespace srwm::cpu {
namespace {

/// Enough for the threads of a large machine (times the heads), few enough for the partial sums to be small.
constexpr std::int64_t wanted_slices = 16;

}  // namespace

Slices::Slices(std::int64_t batch, std::int64_t groups)
    : groups_(groups),
      group_size_(batch / groups),
      per_group_(std::clamp<std::int64_t>(wanted_slices / groups, 1, group_size_)) {}

std::int64_t Slices::begin(std::int64_t slice) const {
  return slice / per_group_ * group_size_ + slice % per_group_ * group_size_ / per_group_;
}

void sum_slices(int threads, const Tensor& partial, std::int64_t groups, std::int64_t per_group, const Grad& grad) {
  const std::int64_t size = grad.value.numel() / groups;
  const float* from = partial.data<float>();
  float* to = grad.value.data<float>();
  constexpr std::int64_t grain = 4096;
  parallel_ranges(threads, groups * size, grain, [&](std::int64_t begin, std::int64_t end) {
    if (grad.mode == GradMode::overwrite) std::fill(to + begin, to + end, 0.0f);
    for (std::int64_t at = begin; at < end;) {
      const std::int64_t g = at / size, stop = std::min(end, (g + 1) * size);
      for (std::int64_t s = g * per_group; s < (g + 1) * per_group; ++s) {
        const float* slice = from + s * size - g * size;
        for (std::int64_t i = at; i < stop; ++i) to[i] += slice[i];
      }
      at = stop;
    }
  });
}

}  // namespace srwm::cpu
