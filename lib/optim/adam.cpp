#include "optim/adam.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/backend.h"

namespace srwm {

double learning_rate(const OptimOptions& options, std::int64_t hidden, std::int64_t step) {
  const auto t = static_cast<double>(step), warmup = static_cast<double>(options.warmup_steps);
  switch (options.schedule) {
    case ScheduleKind::constant:
      break;
    case ScheduleKind::linear_warmup:
      return options.rate * std::min(1.0, t / warmup);
    case ScheduleKind::transformer_warmup:
      return std::min(std::pow(t, -0.5), t * std::pow(warmup, -1.5)) / std::sqrt(static_cast<double>(hidden));
  }
  return options.rate;
}

Adam::Adam(Context& context, ParameterSet& parameters, const OptimOptions& options, std::int64_t hidden)
    : parameters_(parameters), options_(options), hidden_(hidden) {
  for (const Parameter& parameter : parameters.parameters()) {
    const Shape& shape = parameter.value.shape();
    moments_.push_back({context.persistent(shape), context.persistent(shape)});
  }
}

StepReport Adam::step(Context& context) {
  for (Parameter& parameter : parameters_.parameters()) {
    if (!parameter.slot.written) std::memset(parameter.slot.grad.raw(), 0, parameter.slot.grad.bytes());
  }
  StepReport report{learning_rate(options_, hidden_, steps_done_ + 1), global_norm(context)};
  if (!std::isfinite(report.grad_norm)) return report;
  ++steps_done_;
  const bool clip = options_.clip_norm > 0 && report.grad_norm > options_.clip_norm;
  const double scale = clip ? options_.clip_norm / (report.grad_norm + 1e-6) : 1;
  std::size_t i = 0;
  for (Parameter& parameter : parameters_.parameters()) {
    const Moments& moments = moments_[i++];
    context.backend().updates.adam(context, {parameter.value, parameter.slot.grad, moments.m, moments.v, report.rate,
                                             options_.beta1, options_.beta2, options_.eps, scale, steps_done_});
  }
  return report;
}

double Adam::global_norm(Context& context) {
  double sum = 0;
  for (const Parameter& parameter : parameters_.parameters()) {
    sum += context.backend().updates.sum_of_squares(context, parameter.slot.grad);
  }
  return std::sqrt(sum);
}

}  // namespace srwm
