#include "ops/update.h"

#include <cmath>

#include "core/parallel.h"

namespace srwm {
namespace {

constexpr std::int64_t grain = 1 << 14;

template <typename T>
void adam(Context& context, const AdamUpdate& u) {
  const auto t = static_cast<double>(u.step);
  const T step_size = static_cast<T>(u.rate / (1 - std::pow(u.beta1, t)));
  const T root_correction = static_cast<T>(std::sqrt(1 - std::pow(u.beta2, t)));
  const T beta1 = static_cast<T>(u.beta1), beta2 = static_cast<T>(u.beta2), eps = static_cast<T>(u.eps);
  const T scale = static_cast<T>(u.scale);
  T* value = u.value.data<T>();
  T* m = u.m.data<T>();
  T* v = u.v.data<T>();
  const T* grad = u.grad.data<T>();
  parallel_ranges(context.threads(), u.value.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T g = scale * grad[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      value[i] -= step_size * m[i] / (std::sqrt(v[i]) / root_correction + eps);
    }
  });
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

}  // namespace

UpdateBodies host_update_bodies(DType real) {
  if (real == DType::f64) return {adam<double>, sum_of_squares<double>};
  return {adam<float>, sum_of_squares<float>};
}

}  // namespace srwm
