#include "ops/masked_fill.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<MaskedFill::outputs> MaskedFill::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  const std::int64_t steps = mask.absent() || mask.shape().rank() != 2 ? 1 : mask.dim(1);
  expect_tensor(name, "mask", mask, {in[x].dim(0), steps}, DType::u8);
  if (step < 0 || step >= steps) shape_error(name, "step", fmt::format("below {}", steps), fmt::format("{}", step));
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

bool masked(const MaskedFill& op, std::int64_t b) {
  return op.mask.data<std::uint8_t>()[b * op.mask.dim(1) + op.step] != 0;
}

// y[b] = mask[b, step] ? 0 : x[b]
template <typename Real>
void forward(Context& context, const Forward<MaskedFill>& f) {
  const std::int64_t batch = f.out[0].dim(0), n = f.out[0].numel() / batch;
  const Real* x = f.in[MaskedFill::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  parallel_for(context.threads(), batch, [&](std::int64_t b) {
    const bool zero = masked(f.op, b);
    for (std::int64_t i = b * n; i < (b + 1) * n; ++i) y[i] = zero ? Real{0} : x[i];
  });
}

// dL/dx[b] = mask[b, step] ? 0 : dL/dy[b]
template <typename Real>
void backward(Context& context, const Backward<MaskedFill>& g) {
  const Grad& grad = g.dL_din[MaskedFill::x];
  if (!grad.wanted()) return;
  const std::int64_t batch = grad.value.dim(0), n = grad.value.numel() / batch;
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  parallel_for(context.threads(), batch, [&](std::int64_t b) {
    const bool zero = masked(g.op, b);
    for (std::int64_t i = b * n; i < (b + 1) * n; ++i) put(grad.mode, dx[i], zero ? Real{0} : dy[i]);
  });
}

}  // namespace

Body<MaskedFill> body_of(Tag<MaskedFill>, DType real) {
  return real == DType::f64 ? Body<MaskedFill>{forward<double>, backward<double>}
                            : Body<MaskedFill>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
