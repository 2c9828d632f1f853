#include "ops/append_column.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<AppendColumn::outputs> AppendColumn::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  expect_tensor(name, "column", column, {in[x].dim(0)}, DType::f32);
  return {{{{in[x].dim(0), in[x].dim(1) + 1}, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[m] = [x[m], clamp(column[m], -limit, limit)]
template <typename Real>
void forward(Context&, const Forward<AppendColumn>& f) {
  const std::int64_t rows = f.in[AppendColumn::x].dim(0), features = f.in[AppendColumn::x].dim(1);
  const Real* x = f.in[AppendColumn::x].data<Real>();
  const float* column = f.op.column.data<float>();
  const Real limit = static_cast<Real>(f.op.limit);
  Real* y = f.out[0].data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    y = std::copy_n(x + m * features, features, y);
    *y++ = std::clamp(static_cast<Real>(column[m]), -limit, limit);
  }
}

// dL/dx[m, i] = dL/dy[m, i]
template <typename Real>
void backward(Context&, const Backward<AppendColumn>& g) {
  const Grad& grad = g.dL_din[AppendColumn::x];
  if (!grad.wanted()) return;
  const std::int64_t rows = grad.value.dim(0), features = grad.value.dim(1);
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t i = 0; i < features; ++i) put(grad.mode, dx[m * features + i], dy[m * (features + 1) + i]);
  }
}

}  // namespace

Body<AppendColumn> body_of(Tag<AppendColumn>, DType real) {
  return real == DType::f64 ? Body<AppendColumn>{forward<double>, backward<double>}
                            : Body<AppendColumn>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
