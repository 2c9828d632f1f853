// The trained matrix W_0 of an SRWM layer.
#pragma once

#include <cstdint>
#include <string>

#include "nn/parameters.h"

namespace srwm {

struct SrwmMatrixOptions {
  std::int64_t heads = 1;
  std::int64_t d = 1;        ///< head size
  std::int64_t out_dim = 1;  ///< outputs per head
  double beta_init = 0;      ///< mean of W^b at the start
};

/// Parameters <prefix>.W_y [1, h, d, out_dim], .W_q, .W_k [1, h, d, d], .w_b [1, h, d, 4]; W^y, W^q, W^k ~ N(0, 1/d),
/// W^b ~ N(beta_init, 1/d).
class SrwmMatrix {
 public:
  SrwmMatrix(ParameterSet& set, const std::string& prefix, const SrwmMatrixOptions& options);

  /// [1, h, d, rows()] on the tape. Each call packs it again, so that gradients of several uses are collected
  /// separately.
  Variable initial(Tape& tape) const;
  std::int64_t rows() const { return rows_; }

 private:
  std::int64_t rows_;
  Parameter *w_y_, *w_q_, *w_k_, *w_b_;
};

}  // namespace srwm
