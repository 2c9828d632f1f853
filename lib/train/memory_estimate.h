// What training takes of the memory, before it does.
#pragma once

#include <cstdint>
#include <functional>

namespace srwm {

struct MemoryEstimate {
  double state = 0;  ///< bytes of what stays: parameters, gradients, moments, what is kept for later passes
  double step = 0;   ///< bytes of one forward and backward pass of train.batch
};

/// Bytes of a pass of `batch` items, from those of one item and of two, which peak(n) measures: what a pass takes grows
/// by the same amount with each item.
double pass_memory(std::int64_t batch, const std::function<double(std::int64_t items)>& peak);

/// DeviceError if `runs` runs at once, of train.batch `batch`, need more memory than this process can use.
void require_training_memory(const MemoryEstimate& estimate, std::int64_t batch, std::int64_t runs);

}  // namespace srwm
