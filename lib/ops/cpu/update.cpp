#include "ops/update.h"

#include <cmath>
#include <numeric>
#include <span>

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

std::int64_t pieces_of(const UpdatedTensors& p) {
  return (p.value.numel() + grain - 1) / grain;
}

/// Calls body(tensors, begin, end, number) for pieces of at most `grain` elements of all parameters, in one loop: most
/// parameters are too small for several threads.
template <typename Body>
void for_each_piece(int threads, std::span<const UpdatedTensors> parameters, const Body& body) {
  std::int64_t pieces = 0;
  for (const UpdatedTensors& p : parameters) pieces += pieces_of(p);
  parallel_for(threads, pieces, [&](std::int64_t number) {
    const UpdatedTensors* p = parameters.data();
    std::int64_t piece = number;
    for (; piece >= pieces_of(*p); ++p) piece -= pieces_of(*p);
    body(*p, piece * grain, std::min(p->value.numel(), (piece + 1) * grain), number);
  });
}

/// Of the gradients of all parameters: of each piece, of each parameter, then of all, each in order.
template <typename T>
double sum_of_squares(Context& context, std::span<const UpdatedTensors> parameters) {
  std::int64_t pieces = 0;
  for (const UpdatedTensors& p : parameters) pieces += pieces_of(p);
  const Tensor partial = context.empty({std::max<std::int64_t>(pieces, 1)}, DType::f64);
  for_each_piece(context.threads(), parameters,
                 [&](const UpdatedTensors& p, std::int64_t begin, std::int64_t end, std::int64_t number) {
                   partial.data<double>()[number] = squares_of_range(end - begin, p.grad.data<T>() + begin);
                 });
  const double* sums = partial.data<double>();
  double all = 0;
  for (const UpdatedTensors& p : parameters) {
    const double* const end = sums + pieces_of(p);
    all += std::accumulate(sums, end, 0.0);
    sums = end;
  }
  return all;
}

/// Notes the norm of the gradients; calls update_range(tensors, begin, end, scale) for ranges of all parameters if the
/// step may be done.
template <typename T, typename Update, typename UpdateRange>
void clipped_step(Context& context, const Update& u, double step, const UpdateRange& update_range) {
  double* stats = u.stats.template data<double>();
  const double norm = stats[StepStats::grad_norm] = std::sqrt(sum_of_squares<T>(context, u.tensors));
  if (stats[StepStats::bad_step] != 0) return;
  if (!std::isfinite(norm) || !std::isfinite(stats[StepStats::loss])) {
    stats[StepStats::bad_step] = step;
    return;
  }
  const double scale = u.clip_norm > 0 && norm > u.clip_norm ? u.clip_norm / (norm + 1e-6) : 1;
  for_each_piece(context.threads(), u.tensors,
                 [&](const UpdatedTensors& p, std::int64_t begin, std::int64_t end, std::int64_t) {
                   update_range(p, begin, end, static_cast<T>(scale));
                 });
}

template <typename T>
void adam(Context& context, const AdamUpdate& u) {
  const double* numbers = u.numbers.data<double>();
  const cpu::AdamFactors<T> factors{.scale = 1,
                                    .beta1 = static_cast<T>(u.beta1),
                                    .beta2 = static_cast<T>(u.beta2),
                                    .eps = static_cast<T>(u.eps),
                                    .step_size = static_cast<T>(numbers[AdamNumbers::step_size]),
                                    .root_correction = static_cast<T>(numbers[AdamNumbers::root_correction])};
  clipped_step<T>(context, u, numbers[AdamNumbers::step],
                  [&](const UpdatedTensors& p, std::int64_t begin, std::int64_t end, T scale) {
                    cpu::AdamFactors<T> scaled = factors;
                    scaled.scale = scale;
                    adam_of_range(scaled, end - begin, p.grad.data<T>() + begin, p.m.data<T>() + begin,
                                  p.v.data<T>() + begin, p.value.data<T>() + begin);
                  });
}

template <typename T>
void rmsprop(Context& context, const RmsPropUpdate& u) {
  const double* numbers = u.numbers.data<double>();
  const cpu::RmsPropFactors<T> factors{.scale = 1,
                                       .alpha = static_cast<T>(u.alpha),
                                       .eps = static_cast<T>(u.eps),
                                       .learning_rate = static_cast<T>(numbers[RmsPropNumbers::learning_rate])};
  clipped_step<T>(context, u, numbers[RmsPropNumbers::step],
                  [&](const UpdatedTensors& p, std::int64_t begin, std::int64_t end, T scale) {
                    cpu::RmsPropFactors<T> scaled = factors;
                    scaled.scale = scale;
                    rmsprop_of_range(scaled, end - begin, p.grad.data<T>() + begin, p.v.data<T>() + begin,
                                     p.value.data<T>() + begin);
                  });
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
