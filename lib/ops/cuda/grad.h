// How backward bodies on the device write gradients.
#pragma once

#include "ops/cuda/queue.h"
#include "ops/op.h"

namespace srwm::cuda {

inline bool accumulates(const Grad& grad) {
  return grad.mode == GradMode::accumulate;
}

/// The factor of what is there already, beta of a matrix product.
inline float keep(const Grad& grad) {
  return accumulates(grad) ? 1.0f : 0.0f;
}

/// Where a body adds up a gradient: what is there if it accumulates, zeros if it overwrites, nullptr if it is ignored.
inline float* sum_into(Context& context, const Grad& grad) {
  if (!grad.wanted()) return nullptr;
  if (grad.mode == GradMode::overwrite) queue_of(context).zero(grad.value.raw(), grad.value.bytes());
  return grad.value.data<float>();
}

}  // namespace srwm::cuda
