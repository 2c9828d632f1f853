#include "ops/flatten_chw.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<FlattenChw::outputs> FlattenChw::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& s = in[x].shape();
  return {{{{s[0], s[1] * s[2] * s[3]}, in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls body(i, j) for each element, i its place in [N, H, W, C], j in [N, C, H, W].
template <typename Body>
void for_each_pair(const Context& context, const Shape& nhwc, const Body& body) {
  const std::int64_t pixels = nhwc[1] * nhwc[2], channels = nhwc[3], image = pixels * channels;
  const std::int64_t grain = 1 + elementwise_grain / std::max<std::int64_t>(image, 1);
  parallel_ranges(context.threads(), nhwc[0], grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t p = 0; p < pixels; ++p) body(n * image + p * channels + c, n * image + c * pixels + p);
      }
    }
  });
}

// y[n, c, h, w] = x[n, h, w, c]
template <typename Real>
void forward(Context& context, const Forward<FlattenChw>& f) {
  const Real* x = f.in[FlattenChw::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  for_each_pair(context, f.in[FlattenChw::x].shape(), [&](std::int64_t i, std::int64_t j) { y[j] = x[i]; });
}

// dL/dx[n, h, w, c] = dL/dy[n, c, h, w]
template <typename Real>
void backward(Context& context, const Backward<FlattenChw>& g) {
  const Grad& grad = g.dL_din[FlattenChw::x];
  if (!grad.wanted()) return;
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  for_each_pair(context, g.in[FlattenChw::x].shape(),
                [&](std::int64_t i, std::int64_t j) { put(grad.mode, dx[i], dy[j]); });
}

}  // namespace

Body<FlattenChw> body_of(Tag<FlattenChw>, DType real) {
  return real == DType::f64 ? Body<FlattenChw>{forward<double>, backward<double>}
                            : Body<FlattenChw>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
