#include "ops/update.h"

#include <cmath>

#include "core/parallel.h"

namespace srwm {
namespace {

constexpr std::int64_t grain = 1 << 14;

void gather(Context& context, const GatherImages& gather) {
  gather_images_on_host(context.threads(), gather);
}

template <typename T>
void add_outcome(Context&, const AddOutcome& outcome) {
  double* ledger = outcome.ledger.data<double>();
  ledger[Ledger::loss] += static_cast<double>(*outcome.loss.data<T>());
  ledger[Ledger::correct] += static_cast<double>(*outcome.correct.data<T>());
}

Tensor plan_nothing(Context&, std::span<const UpdatedTensors>) {
  return {};
}

template <typename T>
double sum_of_squares(Context& context, const Tensor& tensor) {
  const std::int64_t n = tensor.numel(), slices = (n + grain - 1) / grain;
  const Tensor partial = context.empty({slices}, DType::f64);
  const T* x = tensor.data<T>();
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    double sum = 0;
    const std::int64_t end = std::min(n, (slice + 1) * grain);
    for (std::int64_t i = slice * grain; i < end; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    partial.data<double>()[slice] = sum;
  });
  double total = 0;
  for (double sum : partial.span<double>()) total += sum;
  return total;
}

template <typename T>
void update_by_adam(Context& context, const AdamUpdate& u, const UpdatedTensors& p, double clip_scale) {
  const double* numbers = u.numbers.data<double>();
  const T step_size = static_cast<T>(numbers[AdamNumbers::step_size]);
  const T root_correction = static_cast<T>(numbers[AdamNumbers::root_correction]);
  const T beta1 = static_cast<T>(u.beta1), beta2 = static_cast<T>(u.beta2), eps = static_cast<T>(u.eps);
  const T scale = static_cast<T>(clip_scale);
  T* value = p.value.data<T>();
  T* m = p.m.data<T>();
  T* v = p.v.data<T>();
  const T* grad = p.grad.data<T>();
  parallel_ranges(context.threads(), p.value.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T g = scale * grad[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      value[i] -= step_size * m[i] / (std::sqrt(v[i]) / root_correction + eps);
    }
  });
}

template <typename T>
void update_by_rmsprop(Context& context, const RmsPropUpdate& u, const UpdatedTensors& p, double clip_scale) {
  const T rate = static_cast<T>(u.numbers.data<double>()[RmsPropNumbers::rate]), scale = static_cast<T>(clip_scale);
  const T alpha = static_cast<T>(u.alpha), eps = static_cast<T>(u.eps);
  T* value = p.value.data<T>();
  T* v = p.v.data<T>();
  const T* grad = p.grad.data<T>();
  parallel_ranges(context.threads(), p.value.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T g = scale * grad[i];
      v[i] = alpha * v[i] + (1 - alpha) * g * g;
      value[i] -= rate * g / (std::sqrt(v[i]) + eps);
    }
  });
}

/// Notes the norm of the gradients; calls update_one(tensors, scale) for each parameter if the step may be done.
template <typename T, typename Update, typename UpdateOne>
void clipped_step(Context& context, const Update& u, double step, const UpdateOne& update_one) {
  double* ledger = u.ledger.template data<double>();
  double squares = 0;
  for (const UpdatedTensors& p : u.tensors) squares += sum_of_squares<T>(context, p.grad);
  const double norm = ledger[Ledger::grad_norm] = std::sqrt(squares);
  if (ledger[Ledger::bad_step] != 0) return;
  if (!std::isfinite(norm) || !std::isfinite(ledger[Ledger::loss])) {
    ledger[Ledger::bad_step] = step;
    return;
  }
  const double scale = u.clip_norm > 0 && norm > u.clip_norm ? u.clip_norm / (norm + 1e-6) : 1;
  for (const UpdatedTensors& p : u.tensors) update_one(p, scale);
}

template <typename T>
void adam(Context& context, const AdamUpdate& u) {
  clipped_step<T>(context, u, u.numbers.data<double>()[AdamNumbers::step],
                  [&](const UpdatedTensors& p, double scale) { update_by_adam<T>(context, u, p, scale); });
}

template <typename T>
void rmsprop(Context& context, const RmsPropUpdate& u) {
  clipped_step<T>(context, u, u.numbers.data<double>()[RmsPropNumbers::step],
                  [&](const UpdatedTensors& p, double scale) { update_by_rmsprop<T>(context, u, p, scale); });
}

template <typename T>
UpdateBodies bodies() {
  return {gather, add_outcome<T>, plan_nothing, adam<T>, rmsprop<T>, vtrace_on_host<T>, sample_actions_on_host<T>};
}

}  // namespace

UpdateBodies host_update_bodies(DType real) {
  return real == DType::f64 ? bodies<double>() : bodies<float>();
}

}  // namespace srwm
