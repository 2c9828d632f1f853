#include "train/memory_estimate.h"

#include <fmt/format.h>

#include "core/memory.h"

namespace srwm {

double pass_memory(std::int64_t batch, const std::function<double(std::int64_t items)>& peak) {
  const double one = peak(1), two = peak(2);
  return one + static_cast<double>(batch - 1) * (two - one);
}

void require_training_memory(const MemoryEstimate& estimate, std::int64_t batch, std::int64_t runs) {
  require_memory(
      static_cast<double>(runs) * (estimate.state + estimate.step),
      fmt::format("training with train.batch {}{}", batch, runs > 1 ? fmt::format(", {} runs at once,", runs) : ""),
      "Use a smaller train.batch; train.accumulate keeps the number of episodes of an update.");
}

}  // namespace srwm
