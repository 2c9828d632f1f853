#include "ops/select_rows.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<SelectRows::outputs> SelectRows::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  const std::int64_t picked = rows.absent() ? 0 : rows.numel();
  expect_tensor(name, "rows", rows, {picked}, DType::i32);
  if (picked > in[x].dim(0)) {
    shape_error(name, "rows", fmt::format("at most {} increasing indices", in[x].dim(0)),
                fmt::format("{} long", picked));
  }
  return {{{{picked, in[x].dim(1)}, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[m] = x[rows[m]]
template <typename Real>
void forward(Context&, const Forward<SelectRows>& f) {
  const std::int64_t picked = f.out[0].dim(0), width = f.out[0].dim(1);
  const Real* x = f.in[SelectRows::x].data<Real>();
  const std::int32_t* rows = f.op.rows.data<std::int32_t>();
  Real* y = f.out[0].data<Real>();
  for (std::int64_t m = 0; m < picked; ++m) std::copy_n(x + rows[m] * width, width, y + m * width);
}

// dL/dx[rows[m]] = dL/dy[m], 0 in all other rows
template <typename Real>
void backward(Context&, const Backward<SelectRows>& g) {
  Real* dx = sum_into<Real>(g.dL_din[SelectRows::x]);
  if (dx == nullptr) return;
  const std::int64_t picked = g.out[0].dim(0), width = g.out[0].dim(1);
  const Real* dy = g.dL_dout[0].data<Real>();
  const std::int32_t* rows = g.op.rows.data<std::int32_t>();
  for (std::int64_t m = 0; m < picked; ++m) {
    for (std::int64_t i = 0; i < width; ++i) dx[rows[m] * width + i] += dy[m * width + i];
  }
}

}  // namespace

Body<SelectRows> body_of(Tag<SelectRows>, DType real) {
  return real == DType::f64 ? Body<SelectRows>{forward<double>, backward<double>}
                            : Body<SelectRows>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
