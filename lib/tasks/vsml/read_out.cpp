#include "tasks/vsml/read_out.h"

#include <algorithm>
#include <cmath>

namespace srwm {
namespace {

/// log of the sum of exp(logits).
template <typename Real>
double log_sum(std::span<const Real> logits) {
  const auto largest = static_cast<double>(*std::ranges::max_element(logits));
  double sum = 0;
  for (const Real logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

}  // namespace

template <typename Real>
void bound_logits(std::span<Real> logits, double bound) {
  if (bound == 0) return;
  for (Real& logit : logits) logit = static_cast<Real>(bound * std::tanh(static_cast<double>(logit) / bound));
}

template <typename Real>
void softmax_error(std::span<const Real> logits, std::int32_t label, std::span<Real> error) {
  const double log_of_sum = log_sum(logits);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    error[i] = static_cast<Real>(std::exp(static_cast<double>(logits[i]) - log_of_sum));
  }
  error[static_cast<std::size_t>(label)] -= 1;
}

template void bound_logits(std::span<float>, double);
template void bound_logits(std::span<double>, double);
template void softmax_error(std::span<const float>, std::int32_t, std::span<float>);
template void softmax_error(std::span<const double>, std::int32_t, std::span<double>);

double cross_entropy(std::span<const float> logits, std::int32_t label) {
  return log_sum(logits) - static_cast<double>(logits[static_cast<std::size_t>(label)]);
}

bool is_right(std::span<const float> logits, std::int32_t label) {
  const auto at = static_cast<std::ptrdiff_t>(label);
  return !std::isnan(logits[static_cast<std::size_t>(label)]) &&
         std::ranges::max_element(logits) - logits.begin() == at;
}

}  // namespace srwm
