#include "ops/concat_one_hot.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<ConcatOneHot::outputs> ConcatOneHot::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  expect_tensor(name, "labels", labels, {in[x].dim(0)}, DType::i32);
  if (classes < 1) shape_error(name, "classes", "1 or more", fmt::format("{}", classes));
  return {{{{in[x].dim(0), in[x].dim(1) + classes}, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[m] = [x[m], onehot(labels[m])]
template <typename Real>
void forward(Context&, const Forward<ConcatOneHot>& f) {
  const std::int64_t rows = f.in[ConcatOneHot::x].dim(0), features = f.in[ConcatOneHot::x].dim(1);
  const Real* x = f.in[ConcatOneHot::x].data<Real>();
  const std::int32_t* labels = f.op.labels.data<std::int32_t>();
  Real* y = f.out[0].data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    y = std::copy_n(x + m * features, features, y);
    for (std::int64_t c = 0; c < f.op.classes; ++c) *y++ = labels[m] == c ? Real{1} : Real{0};
  }
}

// dL/dx[m, i] = dL/dy[m, i]
template <typename Real>
void backward(Context&, const Backward<ConcatOneHot>& g) {
  const Grad& grad = g.dL_din[ConcatOneHot::x];
  if (!grad.wanted()) return;
  const std::int64_t rows = g.in[ConcatOneHot::x].dim(0), features = g.in[ConcatOneHot::x].dim(1);
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t i = 0; i < features; ++i) {
      put(grad.mode, dx[m * features + i], dy[m * (features + g.op.classes) + i]);
    }
  }
}

}  // namespace

Body<ConcatOneHot> body_of(Tag<ConcatOneHot>, DType real) {
  return real == DType::f64 ? Body<ConcatOneHot>{forward<double>, backward<double>}
                            : Body<ConcatOneHot>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
