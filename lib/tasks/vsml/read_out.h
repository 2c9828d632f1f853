// What learning rules see of a prediction: bounded logits and their error.
#pragma once

#include <cstdint>
#include <span>

namespace srwm {

/// z <- bound tanh(z / bound) for each logit; nothing where bound is 0. Real: float or double.
template <typename Real>
void bound_logits(std::span<Real> logits, double bound);

/// error = softmax(logits) - onehot(label), the derivative of the cross-entropy. Real: float or double.
template <typename Real>
void softmax_error(std::span<const Real> logits, std::int32_t label, std::span<Real> error);

/// -log softmax(logits)[label], in nats.
double cross_entropy(std::span<const float> logits, std::int32_t label);

/// Whether the label's logit is the first largest; never so if it is NaN.
bool is_right(std::span<const float> logits, std::int32_t label);

}  // namespace srwm
