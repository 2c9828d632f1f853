// The additive fast-weight memory of the linear Transformer (Katharopoulos et al., ICML 2020), in the form without a
// denominator of Schlag, Irie, Schmidhuber (ICML 2021).
#pragma once

#include "ops/op.h"

namespace srwm {

/// For each sequence b and head, from the slow net's projection p_t = [q, k, v] (rows q (d), k (d), v (d), head by
/// head):
///     q' = f(q), k' = f(k), f(z) = (elu(z) + 1) / (sum(elu(z) + 1) + eps)
///     W_t = W_{t-1} + v (x) k',   y_t = W_t q'
/// DeltaNet with the sum in place of the delta rule. Stored key index first: w[g, h, i, r] is row r (value), column i
/// (key) of W.
///
/// Inputs: projected [B, T, 3 h d]; w_first [G, h, d, d] with G dividing B as for Srwm, or absent for zeros.
/// Where reset[b, t] is 1, W is set to zero before step t. Outputs: y [B, T, h d], w_last [B, h, d, d] = W_T.
/// The gradient flows through all of time, from y and from w_last, into projected and w_first.
struct LinearAttention {
  static constexpr const char* name = "linear_attention";
  static constexpr int inputs = 2, outputs = 2;
  enum In { projected, w_first };
  enum Out { y, w_last };
  std::int64_t heads = 1;
  double eps = 0;
  Tensor reset;  ///< u8 [B, T] of 0 and 1, or absent

  struct Saved {
    Tensor steps;  // q', k' and the sums of f; the matrices are summed up again
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
