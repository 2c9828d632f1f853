#include "ops/update.h"

#include <cmath>

#include "core/parallel.h"
#include "ops/cpu/update_kernels.h"

namespace srwm {
namespace {

constexpr std::int64_t grain = 1 << 14;

void gather(Context& context, const GatherImages& gather) {
  gather_images_on_host(context.threads(), gather);
}

template <typename T>
void store_pass(Context&, const StorePass& pass) {
  for (std::size_t i = 0; i < pass.count; ++i) {
    pass.row.data<double>()[i] = static_cast<double>(*pass.values[i].data<T>());
  }
}

void fold_passes(Context&, const FoldPasses& fold) {
  const std::int64_t passes = fold.rows.dim(0), count = fold.rows.dim(1);
  const double* row = fold.rows.data<double>();
  double* stats = fold.stats.data<double>();
  for (std::int64_t pass = 0; pass < passes; ++pass, row += count) {
    stats[StepStats::loss] += row[0];
    for (std::int64_t i = 1; i < count; ++i) stats[StepStats::sums + static_cast<std::size_t>(i) - 1] += row[i];
  }
}

template <typename T>
void scale_add(Context& context, const ScaleAdd& add) {
  const auto scale = static_cast<T>(add.scale);
  T* to = add.to.data<T>();
  const T* from = add.from.data<T>();
  parallel_ranges(context.threads(), add.to.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = scale * to[i] + from[i];
  });
}

Tensor plan_nothing(Context&, std::span<const UpdatedTensors>) {
  return {};
}

// One range of elements: scalar loops in double, vector code in float.

double squares_of_range(std::int64_t n, const double* x) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}
double squares_of_range(std::int64_t n, const float* x) {
  return cpu::update_kernels().sum_of_squares(n, x);
}

void adam_of_range(const cpu::AdamFactors<double>& f, std::int64_t n, const double* grad, double* m, double* v,
                   double* value) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double g = f.scale * grad[i];
    m[i] = f.beta1 * m[i] + (1 - f.beta1) * g;
    v[i] = f.beta2 * v[i] + (1 - f.beta2) * g * g;
    value[i] -= f.step_size * m[i] / (std::sqrt(v[i]) / f.root_correction + f.eps);
  }
}
void adam_of_range(const cpu::AdamFactors<float>& f, std::int64_t n, const float* grad, float* m, float* v,
                   float* value) {
  cpu::update_kernels().adam(f, n, grad, m, v, value);
}

void rmsprop_of_range(const cpu::RmsPropFactors<double>& f, std::int64_t n, const double* grad, double* v,
                      double* value) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double g = f.scale * grad[i];
    v[i] = f.alpha * v[i] + (1 - f.alpha) * g * g;
    value[i] -= f.learning_rate * g / (std::sqrt(v[i]) + f.eps);
  }
}
void rmsprop_of_range(const cpu::RmsPropFactors<float>& f, std::int64_t n, const float* grad, float* v, float* value) {
  cpu::update_kernels().rmsprop(f, n, grad, v, value);
}

template <typename T>
double sum_of_squares(Context& context, const Tensor& tensor) {
  const std::int64_t n = tensor.numel(), slices = (n + grain - 1) / grain;
  const Tensor partial = context.empty({slices}, DType::f64);
  const T* x = tensor.data<T>();
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    const std::int64_t begin = slice * grain;
    partial.data<double>()[slice] = squares_of_range(std::min(n - begin, grain), x + begin);
  });
  double total = 0;
  for (double sum : partial.span<double>()) total += sum;
  return total;
}

template <typename T>
void update_by_adam(Context& context, const AdamUpdate& u, const UpdatedTensors& p, double clip_scale) {
  const double* numbers = u.numbers.data<double>();
  const cpu::AdamFactors<T> factors{.scale = static_cast<T>(clip_scale),
                                    .beta1 = static_cast<T>(u.beta1),
                                    .beta2 = static_cast<T>(u.beta2),
                                    .eps = static_cast<T>(u.eps),
                                    .step_size = static_cast<T>(numbers[AdamNumbers::step_size]),
                                    .root_correction = static_cast<T>(numbers[AdamNumbers::root_correction])};
  parallel_ranges(context.threads(), p.value.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    adam_of_range(factors, end - begin, p.grad.data<T>() + begin, p.m.data<T>() + begin, p.v.data<T>() + begin,
                  p.value.data<T>() + begin);
  });
}

template <typename T>
void update_by_rmsprop(Context& context, const RmsPropUpdate& u, const UpdatedTensors& p, double clip_scale) {
  const double learning_rate = u.numbers.data<double>()[RmsPropNumbers::learning_rate];
  const cpu::RmsPropFactors<T> factors{.scale = static_cast<T>(clip_scale),
                                       .alpha = static_cast<T>(u.alpha),
                                       .eps = static_cast<T>(u.eps),
                                       .learning_rate = static_cast<T>(learning_rate)};
  parallel_ranges(context.threads(), p.value.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    rmsprop_of_range(factors, end - begin, p.grad.data<T>() + begin, p.v.data<T>() + begin, p.value.data<T>() + begin);
  });
}

/// Notes the norm of the gradients; calls update_one(tensors, scale) for each parameter if the step may be done.
template <typename T, typename Update, typename UpdateOne>
void clipped_step(Context& context, const Update& u, double step, const UpdateOne& update_one) {
  double* stats = u.stats.template data<double>();
  double squares = 0;
  for (const UpdatedTensors& p : u.tensors) squares += sum_of_squares<T>(context, p.grad);
  const double norm = stats[StepStats::grad_norm] = std::sqrt(squares);
  if (stats[StepStats::bad_step] != 0) return;
  if (!std::isfinite(norm) || !std::isfinite(stats[StepStats::loss])) {
    stats[StepStats::bad_step] = step;
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
  return {gather,       store_pass<T>,     fold_passes,
          scale_add<T>, plan_nothing,      adam<T>,
          rmsprop<T>,   vtrace_on_host<T>, sample_actions_on_host<T>};
}

}  // namespace

UpdateBodies host_update_bodies(DType real) {
  return real == DType::f64 ? bodies<double>() : bodies<float>();
}

}  // namespace srwm
