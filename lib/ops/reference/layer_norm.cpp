#include "ops/layer_norm.h"

#include <cmath>

#include "ops/grad.h"

namespace srwm {

OutputSpecs<LayerNorm::outputs> LayerNorm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  const Shape width{in[x].dim(-1)};
  expect_tensor(name, "gamma", in[gamma], width, in[x].dtype());
  expect_tensor(name, "beta", in[beta], width, in[x].dtype());
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[m, i] = xhat[m, i] gamma[i] + beta[i],  xhat[m, i] = (x[m, i] - mean_m) / sqrt(var_m + eps)
template <typename Real>
void forward(Context& context, const Forward<LayerNorm>& f) {
  const std::int64_t rows = rows_of(f.in[LayerNorm::x]), width = f.in[LayerNorm::x].dim(-1);
  f.saved = {context.empty({rows}), context.empty({rows})};
  const Real *gamma = f.in[LayerNorm::gamma].data<Real>(), *beta = f.in[LayerNorm::beta].data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    const Real* x = f.in[LayerNorm::x].data<Real>() + m * width;
    Real mean = 0, variance = 0;
    for (std::int64_t i = 0; i < width; ++i) mean += x[i] / static_cast<Real>(width);
    for (std::int64_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<Real>(width);
    const Real inv_std = 1 / std::sqrt(variance + static_cast<Real>(f.op.eps));
    Real* y = f.out[0].data<Real>() + m * width;
    for (std::int64_t i = 0; i < width; ++i) y[i] = (x[i] - mean) * inv_std * gamma[i] + beta[i];
    f.saved.mean.data<Real>()[m] = mean;
    f.saved.inv_std.data<Real>()[m] = inv_std;
  }
}

// With d[i] = dL/dy[m, i] gamma[i]:  dL/dx[m, i] = inv_std_m (d[i] - mean(d) - xhat[m, i] mean(d xhat))
// dL/dgamma[i] = sum_m dL/dy[m, i] xhat[m, i];  dL/dbeta[i] = sum_m dL/dy[m, i]
template <typename Real>
void backward(Context&, const Backward<LayerNorm>& g) {
  const std::int64_t rows = rows_of(g.in[LayerNorm::x]), width = g.in[LayerNorm::x].dim(-1);
  const Real* gamma = g.in[LayerNorm::gamma].data<Real>();
  Real *dx = sum_into<Real>(g.dL_din[LayerNorm::x]), *dgamma = sum_into<Real>(g.dL_din[LayerNorm::gamma]);
  Real* dbeta = sum_into<Real>(g.dL_din[LayerNorm::beta]);
  for (std::int64_t m = 0; m < rows; ++m) {
    const Real *x = g.in[LayerNorm::x].data<Real>() + m * width, *dy = g.dL_dout[0].data<Real>() + m * width;
    const Real mean = g.saved.mean.data<Real>()[m], inv_std = g.saved.inv_std.data<Real>()[m];
    const auto xhat = [&](std::int64_t i) { return (x[i] - mean) * inv_std; };
    Real mean_d = 0, mean_d_xhat = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      mean_d += dy[i] * gamma[i] / static_cast<Real>(width);
      mean_d_xhat += dy[i] * gamma[i] * xhat(i) / static_cast<Real>(width);
    }
    for (std::int64_t i = 0; i < width; ++i) {
      if (dx != nullptr) dx[m * width + i] += inv_std * (dy[i] * gamma[i] - mean_d - xhat(i) * mean_d_xhat);
      if (dgamma != nullptr) dgamma[i] += dy[i] * xhat(i);
      if (dbeta != nullptr) dbeta[i] += dy[i];
    }
  }
}

}  // namespace

Body<LayerNorm> body_of(Tag<LayerNorm>, DType real) {
  return real == DType::f64 ? Body<LayerNorm>{forward<double>, backward<double>}
                            : Body<LayerNorm>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
