#include "ops/dropout.h"

#include <cmath>

#include "core/parallel.h"
#include "ops/cpu/dropout_kernels.h"

namespace srwm::cpu {
namespace {

DropoutMask mask_of(const Context& context, const Dropout& op) {
  const RandomStep random = context.random(Stream::dropout);
  const Philox4 counter = random.counter(0);
  return {.key = {random.key()[0], random.key()[1]},
          .step = counter[2],
          .stream = counter[3],
          .first = std::uint64_t{op.site} << 32,
          .dropped_below = static_cast<std::uint32_t>(std::ldexp(op.p, 32)),
          .scale = static_cast<float>(1 / (1 - op.p))};
}

// y = x m / (1 - p), or y += x m / (1 - p)
void apply(const Context& context, const Dropout& op, const Tensor& x, const Tensor& y, bool accumulate) {
  const DropoutMask mask = mask_of(context, op);
  const DropoutKernels& kernels = dropout_kernels();
  const float* from = x.data<float>();
  float* to = y.data<float>();
  constexpr std::int64_t group = DropoutKernels::alignment, grain = 512;
  const std::int64_t n = x.numel();
  parallel_ranges(context.threads(), (n + group - 1) / group, grain, [&](std::int64_t begin, std::int64_t end) {
    kernels.apply(mask, begin * group, std::min(n, end * group), from, to, accumulate);
  });
}

void forward(Context& context, const Forward<Dropout>& f) {
  apply(context, f.op, f.in[Dropout::x], f.out[0], false);
}

void backward(Context& context, const Backward<Dropout>& g) {
  const Grad& grad = g.dL_din[Dropout::x];
  if (grad.wanted()) apply(context, g.op, g.dL_dout[0], grad.value, grad.mode == GradMode::accumulate);
}

}  // namespace

Body<Dropout> body_of(Tag<Dropout>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
