#include "ops/swap_axes.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<SwapAxes::outputs> SwapAxes::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  return {{{{in[x].dim(1), in[x].dim(0), in[x].dim(2)}, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[t, b, i] = x[b, t, i]
template <typename Real>
void forward(Context& context, const Forward<SwapAxes>& f) {
  const Shape& shape = f.in[SwapAxes::x].shape();
  const std::int64_t batch = shape[0], steps = shape[1], width = shape[2];
  const Real* x = f.in[SwapAxes::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  parallel_for(context.threads(), batch, [&](std::int64_t b) {
    for (std::int64_t t = 0; t < steps; ++t) {
      std::copy_n(x + (b * steps + t) * width, width, y + (t * batch + b) * width);
    }
  });
}

// dL/dx[b, t, i] = dL/dy[t, b, i]
template <typename Real>
void backward(Context& context, const Backward<SwapAxes>& g) {
  const Grad& grad = g.dL_din[SwapAxes::x];
  if (!grad.wanted()) return;
  const std::int64_t batch = grad.value.dim(0), steps = grad.value.dim(1), width = grad.value.dim(2);
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  parallel_for(context.threads(), batch, [&](std::int64_t b) {
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t i = 0; i < width; ++i) {
        put(grad.mode, dx[(b * steps + t) * width + i], dy[(t * batch + b) * width + i]);
      }
    }
  });
}

}  // namespace

Body<SwapAxes> body_of(Tag<SwapAxes>, DType real) {
  return real == DType::f64 ? Body<SwapAxes>{forward<double>, backward<double>}
                            : Body<SwapAxes>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
