#include "ops/linear.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<Linear::outputs> Linear::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "weight", in[weight], 2);
  const std::int64_t out_dim = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {out_dim, in[x].dim(-1)}, in[x].dtype());
  if (in[bias]) expect_tensor(name, "bias", in[bias], {out_dim}, in[x].dtype());

  Shape y;
  for (int axis = 0; axis + 1 < in[x].shape().rank(); ++axis) y.push_back(in[x].dim(axis));
  y.push_back(out_dim);
  return {{{y, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[m, o] = sum_i x[m, i] w[o, i] + b[o]
template <typename Real>
void forward(Context&, const Forward<Linear>& f) {
  const std::int64_t rows = rows_of(f.in[Linear::x]), ins = f.in[Linear::x].dim(-1), out_dim = f.out[0].dim(-1);
  const Real *x = f.in[Linear::x].data<Real>(), *w = f.in[Linear::weight].data<Real>();
  const Real* b = f.in[Linear::bias].data<Real>();
  Real* y = f.out[0].data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t o = 0; o < out_dim; ++o) {
      Real sum = b == nullptr ? Real{0} : b[o];
      for (std::int64_t i = 0; i < ins; ++i) sum += x[m * ins + i] * w[o * ins + i];
      y[m * out_dim + o] = sum;
    }
  }
}

// dL/dx[m, i] = sum_o dL/dy[m, o] w[o, i];  dL/dw[o, i] = sum_m dL/dy[m, o] x[m, i];  dL/db[o] = sum_m dL/dy[m, o]
template <typename Real>
void backward(Context&, const Backward<Linear>& g) {
  const std::int64_t rows = rows_of(g.in[Linear::x]), ins = g.in[Linear::x].dim(-1), out_dim = g.out[0].dim(-1);
  const Real *x = g.in[Linear::x].data<Real>(), *w = g.in[Linear::weight].data<Real>();
  const Real* dy = g.dL_dout[0].data<Real>();
  Real *dx = sum_into<Real>(g.dL_din[Linear::x]), *dw = sum_into<Real>(g.dL_din[Linear::weight]);
  Real* db = sum_into<Real>(g.dL_din[Linear::bias]);
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t o = 0; o < out_dim; ++o) {
      const Real d = dy[m * out_dim + o];
      if (dx != nullptr) {
        for (std::int64_t i = 0; i < ins; ++i) dx[m * ins + i] += d * w[o * ins + i];
      }
      if (dw != nullptr) {
        for (std::int64_t i = 0; i < ins; ++i) dw[o * ins + i] += d * x[m * ins + i];
      }
      if (db != nullptr) db[o] += d;
    }
  }
}

}  // namespace

Body<Linear> body_of(Tag<Linear>, DType real) {
  return real == DType::f64 ? Body<Linear>{forward<double>, backward<double>}
                            : Body<Linear>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
