#include "ops/batch_norm.h"

namespace srwm {

void BatchNormState::check(const char* op, std::int64_t channels, std::int64_t values, DType dtype) const {
  expect_tensor(op, "running_mean", running_mean, {channels}, dtype);
  expect_tensor(op, "running_var", running_var, {channels}, dtype);
  if (training && values < 2) {
    shape_error(op, "x", "at least two values per channel, to have a variance in training", fmt::format("{}", values));
  }
}

OutputSpecs<BatchNorm::outputs> BatchNorm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const std::int64_t channels = in[x].dim(3);
  const DType dtype = in[x].dtype();
  expect_tensor(name, "gamma", in[gamma], {channels}, dtype);
  expect_tensor(name, "beta", in[beta], {channels}, dtype);
  if (in[residual]) expect_tensor(name, "residual", in[residual], in[x].shape(), dtype);
  if (!(slope > 0)) shape_error(name, "slope", "a number above 0", fmt::format("{}", slope));
  state.check(name, channels, in[x].dim(0) * in[x].dim(1) * in[x].dim(2), dtype);
  return {OutputSpec{in[x].shape(), dtype}};
}

}  // namespace srwm
