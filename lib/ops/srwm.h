// The self-referential weight matrix (Irie, Schlag, Csordas, Schmidhuber, ICML 2022, eqs. 5-8).
#pragma once

#include "ops/op.h"

namespace srwm {

/// For each sequence b and head, with x_t in R^d and W in R^{(e+2d+4) x d}, rows stacked as W^y (e, as a rule d), W^q
/// (d), W^k (d), W^b (4):
///     [y_t, q_t, k_t, b_t] = W_{t-1} phi(x_t)
///     k' = softmax(k_t),  q' = softmax(q_t),  beta_t = sigmoid(b_t)
///     W_t = W_{t-1} + B_t (W_{t-1} (q' - k')) (x) k'
/// B_t scales each row by the beta of its block (y, q, k, b). phi is the identity or, with `input_softmax`, a
/// softmax per head. Stored input index first: w[g, h, i, r] is row r, column i of W.
///
/// Inputs: x [B, T, h d]; w_first [G, h, d, e+2d+4], G divides B: sequence b starts from w_first[b / (B/G)] (G = 1: one
/// matrix for all; G = B: each its own; between: consecutive sequences branch off one state). w_reset [1, h, d,
/// e+2d+4], needed only with `reset`: where reset[b, t] is 1, W is set to w_reset before step t. Outputs: y [B, T, h
/// e], w_last [B, h, d, e+2d+4] = W_T. The gradient flows through all of time, the updates included, from y and from
/// w_last, into x, w_first and w_reset.
struct Srwm {
  static constexpr const char* name = "srwm";
  static constexpr int inputs = 3, outputs = 2;
  enum In { x, w_first, w_reset };
  enum Out { y, w_last };
  bool input_softmax = false;
  Tensor reset;  ///< u8 [B, T] of 0 and 1, or absent

  /// Per step what the backward pass needs; layouts are the body's own.
  struct Saved {
    Tensor steps;         // phi(x), q', k', beta, W (q' - k')
    Tensor segments;      // W at chosen steps, if the body keeps any
    Tensor before_reset;  // W before each reset, if the body cannot go back through one otherwise
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
