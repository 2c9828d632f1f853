// The delta-rule fast-weight memory of DeltaNet (Schlag, Irie, Schmidhuber, ICML 2021).
#pragma once

#include "ops/op.h"

namespace srwm {

/// For each sequence b and head, from the slow net's projection p_t = [q, k, v, b] (rows q (d), k (d), v (d), b (1),
/// head by head):
///     q' = f(q), k' = f(k), f(z) = (elu(z) + 1) / (sum(elu(z) + 1) + eps),  beta = sigmoid(b)
///     W_t = W_{t-1} + beta (v - W_{t-1} k') (x) k',   y_t = W_t q'
/// Stored key index first: w[g, h, i, r] is row r (value), column i (key) of W.
///
/// Inputs: projected [B, T, h (3d+1)]; w_first [G, h, d, d] with G dividing B as for Srwm, or absent for zeros.
/// Where reset[b, t] is 1, W is set to zero before step t. Outputs: y [B, T, h d], w_last [B, h, d, d] = W_T.
/// The gradient flows through all of time, from y and from w_last, into projected and w_first.
struct DeltaNet {
  static constexpr const char* name = "delta_net";
  static constexpr int inputs = 2, outputs = 2;
  enum In { projected, w_first };
  enum Out { y, w_last };
  std::int64_t heads = 1;
  double eps = 0;  ///< 0 in the few-shot models, 1e-5 in the RL models
  Tensor reset;    ///< u8 [B, T] of 0 and 1, or absent

  struct Saved {
    Tensor steps;         // q', k', beta, v - W_{t-1} k' and the sums of f
    Tensor segments;      // W at chosen steps, if the body keeps any
    Tensor before_reset;  // W before each reset, if the body cannot go back through one otherwise
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
