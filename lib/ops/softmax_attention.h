// Causal softmax attention (Vaswani et al., 2017) that carries its keys and values from one segment to the next.
#pragma once

#include "ops/op.h"

namespace srwm {

/// For each sequence b and head, from the projection p_t = [q, k, v] (rows q (d), k (d), v (d), head by head):
///     y_t = sum_j a_tj v_j,   a_tj = softmax over j of q_t . k_j / sqrt(d)
/// over the remembered positions and those up to t itself, but none before the last reset: where reset[b, t] is 1,
/// everything before step t is forgotten.
///
/// Inputs: projected [B, T, 3 h d]; past [G, P, 2 h d + 1] with G dividing B as for Srwm, or absent for none: per
/// position k (d) and v (d) head by head and a mark, above zero unless the position is forgotten.
/// Outputs: y [B, T, h d], memory [B, P + T, 2 h d + 1]: the past and this segment, marked 1 and 0.
/// The gradient flows from y and from memory into projected and past; that of the marks is zero.
struct SoftmaxAttention {
  static constexpr const char* name = "softmax_attention";
  static constexpr int inputs = 2, outputs = 2;
  enum In { projected, past };
  enum Out { y, memory };
  std::int64_t heads = 1;
  Tensor reset;  ///< u8 [B, T] of 0 and 1, or absent

  struct Saved {
    Tensor weights;     // a_tj, or what they are made from again
    Tensor first_seen;  // i32 [B, T], the first position that a step sees, if the body needs it
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
