#include "tasks/vsml/read_out.h"

#include <algorithm>
#include <cmath>

namespace srwm {
namespace {

/// log of the sum of exp(logits).
double log_sum(std::span<const float> logits) {
  const auto largest = static_cast<double>(*std::ranges::max_element(logits));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

}  // namespace

void bound_logits(std::span<float> logits, double bound) {
  if (bound == 0) return;
  for (float& logit : logits) logit = static_cast<float>(bound * std::tanh(static_cast<double>(logit) / bound));
}

void softmax_error(std::span<const float> logits, std::int32_t label, std::span<float> error) {
  const double log_of_sum = log_sum(logits);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    error[i] = static_cast<float>(std::exp(static_cast<double>(logits[i]) - log_of_sum));
  }
  error[static_cast<std::size_t>(label)] -= 1;
}

double cross_entropy(std::span<const float> logits, std::int32_t label) {
  return log_sum(logits) - static_cast<double>(logits[static_cast<std::size_t>(label)]);
}

bool is_right(std::span<const float> logits, std::int32_t label) {
  const auto at = static_cast<std::ptrdiff_t>(label);
  return !std::isnan(logits[static_cast<std::size_t>(label)]) &&
         std::ranges::max_element(logits) - logits.begin() == at;
}

}  // namespace srwm
