#include "nn/srwm_matrix.h"

#include <cmath>

#include "ops/pack_srwm.h"

namespace srwm {

SrwmMatrix::SrwmMatrix(ParameterSet& set, const std::string& prefix, const SrwmMatrixOptions& options)
    : rows_(options.out_dim + 2 * options.d + 4) {
  const std::int64_t h = options.heads, d = options.d;
  const double std = 1 / std::sqrt(static_cast<double>(d));
  w_y_ = &set.normal(prefix + ".W_y", {1, h, d, options.out_dim}, 0, std);
  w_q_ = &set.normal(prefix + ".W_q", {1, h, d, d}, 0, std);
  w_k_ = &set.normal(prefix + ".W_k", {1, h, d, d}, 0, std);
  w_b_ = &set.normal(prefix + ".w_b", {1, h, d, 4}, options.beta_init, std);
}

Variable SrwmMatrix::initial(Tape& tape) const {
  return tape.apply(PackSrwm{}, {w_y_->on(tape), w_q_->on(tape), w_k_->on(tape), w_b_->on(tape)})[0];
}

}  // namespace srwm
