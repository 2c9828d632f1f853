#include "ops/global_avg_pool.h"

#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<GlobalAvgPool::outputs> GlobalAvgPool::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  if (in[x].dim(1) < 1 || in[x].dim(2) < 1) {
    shape_error(name, "x", "[N, H, W, C] with H and W of at least 1", in[x].shape().to_string());
  }
  return {OutputSpec{{in[x].dim(0), in[x].dim(3)}, in[x].dtype()}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

// y[n, c] = mean over h, w of x[n, h, w, c]
template <typename Real>
void forward(Context&, const Forward<GlobalAvgPool>& f) {
  const Nhwc<Real> x(f.in[GlobalAvgPool::x]);
  Real* y = f.out[0].data<Real>();
  for (std::int64_t n = 0; n < x.N; ++n) {
    for (std::int64_t c = 0; c < x.C; ++c) {
      double sum = 0;
      for (std::int64_t p = 0; p < x.H * x.W; ++p) sum += static_cast<double>(x(n, 0, p, c));
      y[n * x.C + c] = static_cast<Real>(sum / static_cast<double>(x.H * x.W));
    }
  }
}

// dL/dx[n, h, w, c] = dL/dy[n, c] / (H W)
template <typename Real>
void backward(Context&, const Backward<GlobalAvgPool>& b) {
  const Grad& grad = b.dL_din[GlobalAvgPool::x];
  if (!grad.wanted()) return;
  const Nhwc<Real> dx(grad.value);
  const Real* dy = b.dL_dout[0].data<Real>();
  for (std::int64_t n = 0; n < dx.N; ++n) {
    for (std::int64_t p = 0; p < dx.H * dx.W; ++p) {
      for (std::int64_t c = 0; c < dx.C; ++c) {
        put(dx(n, 0, p, c), grad.mode, static_cast<double>(dy[n * dx.C + c]) / static_cast<double>(dx.H * dx.W));
      }
    }
  }
}

}  // namespace

Body<GlobalAvgPool> body_of(Tag<GlobalAvgPool>, DType real) {
  return SRWM_REFERENCE_BODY(GlobalAvgPool, real);
}

}  // namespace srwm::reference
