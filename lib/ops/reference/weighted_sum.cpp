#include "ops/weighted_sum.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<WeightedSum::outputs> WeightedSum::plan(const Tensors<inputs>& in) const {
  expect_tensor(name, "a", in[a], {1}, in[a].dtype());
  expect_tensor(name, "b", in[b], {1}, in[a].dtype());
  expect_tensor(name, "c", in[c], {1}, in[a].dtype());
  return {{{Shape{1}, in[a].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y = sum_i weights[i] in[i]
template <typename Real>
void forward(Context&, const Forward<WeightedSum>& f) {
  double sum = 0;
  for (std::size_t i = 0; i < f.in.size(); ++i) {
    sum += f.op.weights[i] * static_cast<double>(*f.in[i].data<Real>());
  }
  *f.out[0].data<Real>() = static_cast<Real>(sum);
}

// dL/din[i] = weights[i] dL/dy
template <typename Real>
void backward(Context&, const Backward<WeightedSum>& g) {
  const Real dy = *g.dL_dout[0].data<Real>();
  for (std::size_t i = 0; i < g.dL_din.size(); ++i) {
    const Grad& grad = g.dL_din[i];
    if (grad.wanted()) put(grad.mode, *grad.value.data<Real>(), static_cast<Real>(g.op.weights[i]) * dy);
  }
}

}  // namespace

Body<WeightedSum> body_of(Tag<WeightedSum>, DType real) {
  return real == DType::f64 ? Body<WeightedSum>{forward<double>, backward<double>}
                            : Body<WeightedSum>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
