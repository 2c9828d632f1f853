// Adds one tensor to each item of a batch.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[b] = x[b] + scale shared[0], x [B, ...], shared [1, ...]. Scale 1 and -1 convert between the shifts W_t - W_0
/// of a batch of fast weights to the weights and back.
struct BroadcastAdd {
  static constexpr const char* name = "broadcast_add";
  static constexpr int inputs = 2, outputs = 1;
  enum In { x, shared };
  double scale = 1;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
