#include "ops/head_linear.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<HeadLinear::outputs> HeadLinear::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "w", in[w], 3);
  const std::int64_t heads = in[w].dim(0), d = in[w].dim(1), e = in[w].dim(2);
  expect_tensor(name, "w", in[w], {heads, d, e}, in[x].dtype());
  if (in[x].dim(-1) != heads * d) {
    shape_error(name, "x", fmt::format("{} wide, for {} heads of {} numbers", heads * d, heads, d),
                in[x].shape().to_string());
  }
  Shape shape;
  for (int axis = 0; axis + 1 < in[x].shape().rank(); ++axis) shape.push_back(in[x].dim(axis));
  shape.push_back(heads * e);
  return {{{shape, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(element of x, element of w, element of y) for all products.
template <typename Visit>
void for_each_product(const Tensor& x, const Tensor& w, const Visit& visit) {
  const std::int64_t rows = rows_of(x), heads = w.dim(0), d = w.dim(1), e = w.dim(2);
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t i = 0; i < d; ++i) {
        for (std::int64_t o = 0; o < e; ++o) {
          visit((m * heads + h) * d + i, (h * d + i) * e + o, (m * heads + h) * e + o);
        }
      }
    }
  }
}

// y[m, h, o] = sum_i x[m, h, i] w[h, i, o]
template <typename Real>
void forward(Context&, const Forward<HeadLinear>& f) {
  const Real *x = f.in[HeadLinear::x].data<Real>(), *w = f.in[HeadLinear::w].data<Real>();
  Real* y = f.out[0].data<Real>();
  std::fill_n(y, f.out[0].numel(), Real{0});
  for_each_product(f.in[HeadLinear::x], f.in[HeadLinear::w],
                   [&](std::int64_t i, std::int64_t j, std::int64_t o) { y[o] += x[i] * w[j]; });
}

// dL/dx[m, h, i] = sum_o dL/dy[m, h, o] w[h, i, o];  dL/dw[h, i, o] = sum_m dL/dy[m, h, o] x[m, h, i]
template <typename Real>
void backward(Context&, const Backward<HeadLinear>& g) {
  const Real *x = g.in[HeadLinear::x].data<Real>(), *w = g.in[HeadLinear::w].data<Real>();
  const Real* dy = g.dL_dout[0].data<Real>();
  Real *dx = sum_into<Real>(g.dL_din[HeadLinear::x]), *dw = sum_into<Real>(g.dL_din[HeadLinear::w]);
  for_each_product(g.in[HeadLinear::x], g.in[HeadLinear::w], [&](std::int64_t i, std::int64_t j, std::int64_t o) {
    if (dx != nullptr) dx[i] += dy[o] * w[j];
    if (dw != nullptr) dw[j] += dy[o] * x[i];
  });
}

}  // namespace

Body<HeadLinear> body_of(Tag<HeadLinear>, DType real) {
  return real == DType::f64 ? Body<HeadLinear>{forward<double>, backward<double>}
                            : Body<HeadLinear>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
