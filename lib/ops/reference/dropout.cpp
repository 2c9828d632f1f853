#include "ops/dropout.h"

#include "core/parallel.h"
#include "ops/grad.h"
#include "ops/reference/dropout_mask.h"

namespace srwm {

OutputSpecs<Dropout::outputs> Dropout::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  if (!(p >= 0 && p < 1)) shape_error(name, "p", "a probability in [0, 1)", fmt::format("{}", p));
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls body(i, factor) for every element.
template <typename Real, typename Body>
void for_each_masked(const Context& context, const Dropout& op, std::int64_t n, const Body& body) {
  const DropoutMask<Real> mask(context, op.p, op.site);
  parallel_ranges(context.threads(), (n + 3) / 4, 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::array<Real, 4> factors = mask.at(block);
      const std::int64_t left = std::min<std::int64_t>(4, n - 4 * block);
      for (std::int64_t j = 0; j < left; ++j) body(4 * block + j, factors[static_cast<std::size_t>(j)]);
    }
  });
}

// y = x m / (1 - p)
template <typename Real>
void forward(Context& context, const Forward<Dropout>& f) {
  const Real* x = f.in[Dropout::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  for_each_masked<Real>(context, f.op, f.out[0].numel(), [&](std::int64_t i, Real factor) { y[i] = x[i] * factor; });
}

// dL/dx = dL/dy m / (1 - p)
template <typename Real>
void backward(Context& context, const Backward<Dropout>& g) {
  const Grad& grad = g.dL_din[Dropout::x];
  if (!grad.wanted()) return;
  const Real* dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  for_each_masked<Real>(context, g.op, g.out[0].numel(),
                        [&](std::int64_t i, Real factor) { put(grad.mode, dx[i], dy[i] * factor); });
}

}  // namespace

Body<Dropout> body_of(Tag<Dropout>, DType real) {
  return real == DType::f64 ? Body<Dropout>{forward<double>, backward<double>}
                            : Body<Dropout>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
