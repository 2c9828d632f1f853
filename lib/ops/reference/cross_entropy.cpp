#include "ops/cross_entropy.h"

#include <cmath>

#include "ops/grad.h"

namespace srwm {

OutputSpecs<CrossEntropy::outputs> CrossEntropy::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 2);
  const std::int64_t rows = in[logits].dim(0), classes = in[logits].dim(1);
  if (rows < 1 || classes < 1) {
    shape_error(name, "logits", "at least one row and one class", in[logits].shape().to_string());
  }
  expect_tensor(name, "targets", targets, {rows}, DType::i32);
  const OutputSpec number{{1}, in[logits].dtype()};
  return {{number, number}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// softmax(logits) into p; returns logsumexp(logits) - logits[target].
template <typename Real>
double softmax_row(const Real* logits, std::int64_t classes, std::int32_t target, Real* p) {
  const Real largest = *std::max_element(logits, logits + classes);
  Real sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) sum += p[c] = std::exp(logits[c] - largest);
  for (std::int64_t c = 0; c < classes; ++c) p[c] /= sum;
  return static_cast<double>(std::log(sum) + largest - logits[target]);
}

/// Whether the first largest logit is the target's. A NaN compares false with everything, which makes the row wrong.
template <typename Real>
bool first_largest(const Real* logits, std::int64_t classes, std::int32_t target) {
  for (std::int64_t c = 0; c < classes; ++c) {
    const bool beaten = c < target ? logits[c] < logits[target] : logits[c] <= logits[target];
    if (!beaten) return false;
  }
  return true;
}

// loss = 1/M sum_m (logsumexp(logits[m]) - logits[m, targets[m]])
template <typename Real>
void forward(Context& context, const Forward<CrossEntropy>& f) {
  const Tensor& logits = f.in[CrossEntropy::logits];
  const std::int64_t rows = logits.dim(0), classes = logits.dim(1);
  const std::int32_t* targets = f.op.targets.data<std::int32_t>();
  f.saved.probabilities = context.empty(logits.shape());
  double loss = 0;
  std::int64_t correct = 0;
  for (std::int64_t m = 0; m < rows; ++m) {
    const Real* row = logits.data<Real>() + m * classes;
    loss += softmax_row(row, classes, targets[m], f.saved.probabilities.data<Real>() + m * classes);
    if (first_largest(row, classes, targets[m])) ++correct;
  }
  *f.out[CrossEntropy::loss].data<Real>() = static_cast<Real>(loss / static_cast<double>(rows));
  *f.out[CrossEntropy::correct].data<Real>() = static_cast<Real>(correct);
}

// dL/dlogits[m, c] = dL/dloss / M (softmax(logits[m])[c] - [c = targets[m]])
template <typename Real>
void backward(Context&, const Backward<CrossEntropy>& g) {
  const Grad& grad = g.dL_din[CrossEntropy::logits];
  if (!grad.wanted()) return;
  const Tensor& dloss = g.dL_dout[CrossEntropy::loss];
  const std::int64_t rows = g.saved.probabilities.dim(0), classes = g.saved.probabilities.dim(1);
  const Real scale = dloss ? *dloss.data<Real>() / static_cast<Real>(rows) : Real{0};
  const Real* p = g.saved.probabilities.data<Real>();
  const std::int32_t* targets = g.op.targets.data<std::int32_t>();
  Real* d = grad.value.data<Real>();
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t c = 0; c < classes; ++c) {
      put(grad.mode, d[m * classes + c], scale * (p[m * classes + c] - (targets[m] == c ? Real{1} : Real{0})));
    }
  }
}

}  // namespace

Body<CrossEntropy> body_of(Tag<CrossEntropy>, DType real) {
  return real == DType::f64 ? Body<CrossEntropy>{forward<double>, backward<double>}
                            : Body<CrossEntropy>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
