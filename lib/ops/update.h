// What an optimizer does to parameters: functions without a gradient, in every backend.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "core/tensor.h"

namespace srwm {

/// One Adam step (Kingma, Ba, 2015) on one tensor, with g = scale * grad and t = `step`, counted from 1:
///   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
///   value <- value - rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
/// as torch.optim.Adam. All tensors have one shape and type.
struct AdamUpdate {
  Tensor value, grad, m, v;
  double rate, beta1, beta2, eps;
  double scale = 1;
  std::int64_t step = 1;
};

struct UpdateBodies {
  void (*adam)(Context&, const AdamUpdate&) = nullptr;
  /// Sum of the squares of all elements, in double, added in an order that does not depend on the number of threads.
  double (*sum_of_squares)(Context&, const Tensor&) = nullptr;
};

/// Bodies for tensors in host memory; memory-bound, one plain loop serves reference and fast path alike.
UpdateBodies host_update_bodies(DType real);

}  // namespace srwm
