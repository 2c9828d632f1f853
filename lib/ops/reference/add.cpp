#include "ops/add.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<Add::outputs> Add::plan(const Tensors<inputs>& in) const {
  expect_real(name, "a", in[a]);
  expect_tensor(name, "b", in[b], in[a].shape(), in[a].dtype());
  return {{{in[a].shape(), in[a].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y = a + b
template <typename Real>
void forward(Context& context, const Forward<Add>& f) {
  const Real *a = f.in[Add::a].data<Real>(), *b = f.in[Add::b].data<Real>();
  Real* y = f.out[0].data<Real>();
  parallel_ranges(context.threads(), f.out[0].numel(), elementwise_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y[i] = a[i] + b[i];
  });
}

// dL/da = dL/db = dL/dy
template <typename Real>
void backward(Context& context, const Backward<Add>& g) {
  const Real* dy = g.dL_dout[0].data<Real>();
  for (const Grad& grad : g.dL_din) {
    if (!grad.wanted()) continue;
    Real* d = grad.value.data<Real>();
    parallel_ranges(context.threads(), g.out[0].numel(), elementwise_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) put(grad.mode, d[i], dy[i]);
    });
  }
}

}  // namespace

Body<Add> body_of(Tag<Add>, DType real) {
  return real == DType::f64 ? Body<Add>{forward<double>, backward<double>} : Body<Add>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
