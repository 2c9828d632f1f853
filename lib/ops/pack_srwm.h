// Joins the four parameter tensors of an SRWM layer into the matrix the srwm op works on.
#pragma once

#include "ops/op.h"

namespace srwm {

/// w0[0, h, i, :] = [W_y[0, h, i, :], W_q[0, h, i, :], W_k[0, h, i, :], w_b[0, h, i, :]], with W_y [1, h, d, dy],
/// W_q, W_k [1, h, d, d], w_b [1, h, d, 4] as in the authors' state_dict (input index before output index) and
/// w0 [1, h, d, dy + 2 d + 4].
struct PackSrwm {
  static constexpr const char* name = "pack_srwm";
  static constexpr int inputs = 4, outputs = 1;
  enum In { w_y, w_q, w_k, w_b };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
