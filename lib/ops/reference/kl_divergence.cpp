#include "ops/kl_divergence.h"

#include <cmath>

#include "ops/grad.h"
#include "ops/reference/log_softmax.h"

namespace srwm {

OutputSpecs<KlDivergence::outputs> KlDivergence::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 2);
  expect_tensor(name, "target", target, in[logits].shape(), in[logits].dtype());
  return {{{Shape{1}, in[logits].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// KL(p || q) of a row; writes q - p.
template <typename Real>
double divergence_of_row(const Real* target, const Real* logits, std::int64_t n, Real* difference) {
  const Real log_sum_p = log_sum_exp(target, n), log_sum_q = log_sum_exp(logits, n);
  double divergence = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const Real log_p = target[i] - log_sum_p, log_q = logits[i] - log_sum_q, p = std::exp(log_p);
    difference[i] = std::exp(log_q) - p;
    divergence += static_cast<double>(p * (log_p - log_q));
  }
  return divergence;
}

// loss = 1/M sum_m sum_n p[m, n] (log p[m, n] - log q[m, n])
template <typename Real>
void forward(Context& context, const Forward<KlDivergence>& f) {
  const Tensor& logits = f.in[KlDivergence::logits];
  const std::int64_t rows = logits.dim(0), classes = logits.dim(1);
  f.saved.difference = context.empty(logits.shape());
  double loss = 0;
  for (std::int64_t m = 0; m < rows; ++m) {
    const std::int64_t first = m * classes;
    loss += divergence_of_row(f.op.target.data<Real>() + first, logits.data<Real>() + first, classes,
                              f.saved.difference.data<Real>() + first);
  }
  *f.out[0].data<Real>() = static_cast<Real>(loss / static_cast<double>(rows));
}

// dL/dlogits = dL/dloss / M (q - p)
template <typename Real>
void backward(Context&, const Backward<KlDivergence>& g) {
  const Grad& grad = g.dL_din[KlDivergence::logits];
  if (!grad.wanted()) return;
  const Tensor& difference = g.saved.difference;
  const Real scale = *g.dL_dout[0].data<Real>() / static_cast<Real>(difference.dim(0));
  Real* d = grad.value.data<Real>();
  for (std::int64_t i = 0; i < difference.numel(); ++i) put(grad.mode, d[i], scale * difference.data<Real>()[i]);
}

}  // namespace

Body<KlDivergence> body_of(Tag<KlDivergence>, DType real) {
  return real == DType::f64 ? Body<KlDivergence>{forward<double>, backward<double>}
                            : Body<KlDivergence>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
