#include "ops/batch_norm.h"

#include <cmath>

#include "ops/reference/nhwc.h"

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

namespace srwm::reference {
namespace {

struct Moments {
  double mean, var;  // biased variance
};

template <typename Real>
Moments batch_moments(const Real* x, std::int64_t pixels, std::int64_t channels, std::int64_t c) {
  double mean = 0, var = 0;
  for (std::int64_t p = 0; p < pixels; ++p) mean += x[p * channels + c];
  mean /= static_cast<double>(pixels);
  for (std::int64_t p = 0; p < pixels; ++p) {
    const double deviation = x[p * channels + c] - mean;
    var += deviation * deviation;
  }
  return {mean, var / static_cast<double>(pixels)};
}

template <typename Real>
void update_running(const BatchNormState& state, std::int64_t c, const Moments& batch, std::int64_t pixels) {
  const double m = state.momentum, n = static_cast<double>(pixels);
  Real& mean = state.running_mean.data<Real>()[c];
  Real& var = state.running_var.data<Real>()[c];
  mean = static_cast<Real>((1 - m) * mean + m * batch.mean);
  var = static_cast<Real>((1 - m) * var + m * batch.var * n / (n - 1));
}

template <typename Real>
void forward(Context& context, const Forward<BatchNorm>& f) {
  const BatchNormState& state = f.op.state;
  const std::int64_t channels = f.out[0].dim(3), pixels = f.out[0].numel() / channels;
  const Real* x = f.in[BatchNorm::x].data<Real>();
  const Real* gamma = f.in[BatchNorm::gamma].data<Real>();
  const Real* beta = f.in[BatchNorm::beta].data<Real>();
  const Real* residual = f.in[BatchNorm::residual].data<Real>();
  Real* y = f.out[0].data<Real>();
  f.saved.mean = context.empty({channels});
  f.saved.inv_std = context.empty({channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    Moments moments;
    if (state.training) {
      moments = batch_moments(x, pixels, channels, c);
      update_running<Real>(state, c, moments, pixels);
    } else {
      moments = {static_cast<double>(state.running_mean.data<Real>()[c]),
                 static_cast<double>(state.running_var.data<Real>()[c])};
    }
    const double inv_std = 1 / std::sqrt(moments.var + state.eps);
    f.saved.mean.data<Real>()[c] = static_cast<Real>(moments.mean);
    f.saved.inv_std.data<Real>()[c] = static_cast<Real>(inv_std);
    for (std::int64_t p = 0; p < pixels; ++p) {
      const double xhat = (x[p * channels + c] - moments.mean) * inv_std;
      double z = xhat * gamma[c] + beta[c];
      if (residual != nullptr) z += residual[p * channels + c];
      y[p * channels + c] = static_cast<Real>(z > 0 ? z : f.op.slope * z);
    }
  }
}

/// With xhat = (x - mean) inv_std, dL/dz = dL/dy act'(z), z = gamma xhat + beta + residual, and N values per channel:
/// dL/dresidual = dL/dz, dL/dbeta = sum dL/dz, dL/dgamma = sum dL/dz xhat,
/// dL/dx = gamma inv_std (dL/dz - [mean(dL/dz) + xhat mean(dL/dz xhat)]), the bracket only in training.
template <typename Real>
void backward(Context&, const Backward<BatchNorm>& b) {
  const std::int64_t channels = b.out[0].dim(3), pixels = b.out[0].numel() / channels;
  const Real* x = b.in[BatchNorm::x].data<Real>();
  const Real *y = b.out[0].data<Real>(), *dy = b.dL_dout[0].data<Real>();
  const Grad &dx = b.dL_din[BatchNorm::x], &dgamma = b.dL_din[BatchNorm::gamma], &dbeta = b.dL_din[BatchNorm::beta];
  const Grad& dresidual = b.dL_din[BatchNorm::residual];
  const auto dz = [&](std::int64_t at) { return static_cast<double>(dy[at]) * (y[at] > 0 ? 1 : b.op.slope); };
  for (std::int64_t c = 0; c < channels; ++c) {
    const double mean = b.saved.mean.data<Real>()[c], inv_std = b.saved.inv_std.data<Real>()[c];
    const double gamma = b.in[BatchNorm::gamma].data<Real>()[c];
    double sum_dz = 0, sum_dz_xhat = 0;
    for (std::int64_t p = 0; p < pixels; ++p) {
      const double d = dz(p * channels + c);
      sum_dz += d;
      sum_dz_xhat += d * (x[p * channels + c] - mean) * inv_std;
      if (dresidual.wanted()) put(dresidual.value.data<Real>()[p * channels + c], dresidual.mode, d);
    }
    if (dbeta.wanted()) put(dbeta.value.data<Real>()[c], dbeta.mode, sum_dz);
    if (dgamma.wanted()) put(dgamma.value.data<Real>()[c], dgamma.mode, sum_dz_xhat);
    if (!dx.wanted()) continue;
    const double batch = b.op.state.training ? 1.0 / static_cast<double>(pixels) : 0.0;
    for (std::int64_t p = 0; p < pixels; ++p) {
      const double xhat = (x[p * channels + c] - mean) * inv_std;
      const double d = dz(p * channels + c) - batch * (sum_dz + xhat * sum_dz_xhat);
      put(dx.value.data<Real>()[p * channels + c], dx.mode, gamma * inv_std * d);
    }
  }
}

}  // namespace

Body<BatchNorm> body_of(Tag<BatchNorm>, DType real) {
  return SRWM_REFERENCE_BODY(BatchNorm, real);
}

}  // namespace srwm::reference
