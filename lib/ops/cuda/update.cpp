#include "ops/cuda/update.h"

#include <cmath>
#include <vector>

#include "kernels/update.h"
#include "ops/cuda/queue.h"

namespace srwm::cuda {
namespace {

void adam_body(Context& context, const AdamUpdate& u) {
  const auto t = static_cast<double>(u.step);
  adam(stream_of(context), {.value = u.value.data<float>(),
                            .m = u.m.data<float>(),
                            .v = u.v.data<float>(),
                            .grad = u.grad.data<float>(),
                            .step_size = static_cast<float>(u.rate / (1 - std::pow(u.beta1, t))),
                            .root_correction = static_cast<float>(std::sqrt(1 - std::pow(u.beta2, t))),
                            .beta1 = static_cast<float>(u.beta1),
                            .beta2 = static_cast<float>(u.beta2),
                            .eps = static_cast<float>(u.eps),
                            .scale = static_cast<float>(u.scale),
                            .n = u.value.numel()});
}

double sum_of_squares_body(Context& context, const Tensor& tensor) {
  const Tensor partial = context.empty({square_sum_slices(tensor.numel())}, DType::f64);
  sums_of_squares(stream_of(context), tensor.data<float>(), tensor.numel(), partial.data<double>());
  std::vector<double> sums(static_cast<std::size_t>(partial.numel()));
  context.download(sums.data(), partial);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

UpdateBodies update_bodies() {
  return {adam_body, sum_of_squares_body};
}

}  // namespace srwm::cuda
