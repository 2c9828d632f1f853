// Makes DeltaNet's feature map a softmax.
#pragma once

#include "ops/op.h"

namespace srwm {

/// For the projection p_t = [q, k, v, b] of DeltaNet (rows q (d), k (d), v (d), b (1), head by head):
///     y_t = [q - max(q), k - max(k), v, b]
/// Where z <= 0 is elu(z) + 1 = exp(z), so that f(q - max(q)) with eps 0 (ops/delta_net.h) is softmax(q), and the same
/// for k. x and y [B, T, h (3d+1)]. The first largest element counts as the maximum.
struct ShiftKeys {
  static constexpr const char* name = "shift_keys";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  std::int64_t heads = 1;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
