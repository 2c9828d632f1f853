#include "ops/broadcast_add.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<BroadcastAdd::outputs> BroadcastAdd::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "shared", in[shared]);
  Shape one{1};
  for (int axis = 1; axis < in[x].shape().rank(); ++axis) one.push_back(in[x].dim(axis));
  expect_tensor(name, "shared", in[shared], one, in[x].dtype());
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[b, i] = x[b, i] + scale shared[i]
template <typename Real>
void forward(Context& context, const Forward<BroadcastAdd>& f) {
  const std::int64_t n = f.in[BroadcastAdd::shared].numel();
  const Real *x = f.in[BroadcastAdd::x].data<Real>(), *shared = f.in[BroadcastAdd::shared].data<Real>();
  const Real scale = static_cast<Real>(f.op.scale);
  Real* y = f.out[0].data<Real>();
  parallel_for(context.threads(), f.out[0].dim(0), [&](std::int64_t b) {
    for (std::int64_t i = 0; i < n; ++i) y[b * n + i] = x[b * n + i] + scale * shared[i];
  });
}

// dL/dx[b, i] = dL/dy[b, i];  dL/dshared[i] = scale sum_b dL/dy[b, i]
template <typename Real>
void backward(Context& context, const Backward<BroadcastAdd>& g) {
  const std::int64_t batch = g.out[0].dim(0), n = g.in[BroadcastAdd::shared].numel();
  const Real* dy = g.dL_dout[0].data<Real>();
  const Grad &dx = g.dL_din[BroadcastAdd::x], &dshared = g.dL_din[BroadcastAdd::shared];
  if (dx.wanted()) {
    Real* d = dx.value.data<Real>();
    parallel_for(context.threads(), batch, [&](std::int64_t b) {
      for (std::int64_t i = b * n; i < (b + 1) * n; ++i) put(dx.mode, d[i], dy[i]);
    });
  }
  if (!dshared.wanted()) return;
  const Real scale = static_cast<Real>(g.op.scale);
  Real* d = dshared.value.data<Real>();
  parallel_ranges(context.threads(), n, elementwise_grain / batch, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (std::int64_t b = 0; b < batch; ++b) sum += static_cast<double>(dy[b * n + i]);
      put(dshared.mode, d[i], scale * static_cast<Real>(sum));
    }
  });
}

}  // namespace

Body<BroadcastAdd> body_of(Tag<BroadcastAdd>, DType real) {
  return real == DType::f64 ? Body<BroadcastAdd>{forward<double>, backward<double>}
                            : Body<BroadcastAdd>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
