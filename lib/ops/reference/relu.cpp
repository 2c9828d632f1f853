#include "ops/relu.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<Relu::outputs> Relu::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y = max(x, 0); NaN stays NaN, so that a broken number is not hidden.
template <typename Real>
void forward(Context& context, const Forward<Relu>& f) {
  const Real* x = f.in[Relu::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  parallel_ranges(context.threads(), f.out[0].numel(), elementwise_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y[i] = x[i] <= 0 ? Real{0} : x[i];
  });
}

// dL/dx = dL/dy where x > 0, 0 elsewhere
template <typename Real>
void backward(Context& context, const Backward<Relu>& g) {
  const Grad& grad = g.dL_din[Relu::x];
  if (!grad.wanted()) return;
  const Real *x = g.in[Relu::x].data<Real>(), *dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  parallel_ranges(context.threads(), g.out[0].numel(), elementwise_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Real d = dy[i];  // read in either case, so that the loop has no branch
      put(grad.mode, dx[i], x[i] > 0 ? d : Real{0});
    }
  });
}

}  // namespace

Body<Relu> body_of(Tag<Relu>, DType real) {
  return real == DType::f64 ? Body<Relu>{forward<double>, backward<double>}
                            : Body<Relu>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
