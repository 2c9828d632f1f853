#include "ops/sample_actions.h"

#include "core/parallel.h"
#include "ops/op.h"
#include "ops/reference/log_softmax.h"

namespace srwm {
namespace {

/// The first action whose cumulated probability is above u in [0, 1); the last one if rounding leaves none.
template <typename Real>
std::int64_t draw(const Real* logits, std::int64_t actions, Real log_sum, Real u) {
  Real cumulated = 0;
  for (std::int64_t a = 0; a < actions - 1; ++a) {
    cumulated += std::exp(logits[a] - log_sum);
    if (u < cumulated) return a;
  }
  return actions - 1;
}

}  // namespace

void SampleActions::check() const {
  constexpr const char* name = "sample_actions";
  expect_real(name, "logits", logits, 2);
  if (logits.dim(1) < 1) shape_error(name, "logits", "at least one action", logits.shape().to_string());
  expect_tensor(name, "actions", actions, {logits.dim(0)}, DType::i32);
  expect_tensor(name, "log_probs", log_probs, {logits.dim(0)}, DType::f32);
}

template <typename Real>
void sample_actions_on_host(Context& context, const SampleActions& sample) {
  sample.check();
  const std::int64_t count = sample.logits.dim(1);
  const RandomStep random = context.random(Stream::actions);
  parallel_ranges(context.threads(), sample.logits.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = begin; m < end; ++m) {
      const Real* logits = sample.logits.data<Real>() + m * count;
      const Real log_sum = reference::log_sum_exp(logits, count);
      std::int64_t action = std::max_element(logits, logits + count) - logits;
      if (!sample.greedy) {
        const std::uint32_t word = random.at(sample.first_block + static_cast<std::uint64_t>(m))[0];
        action = draw(logits, count, log_sum, static_cast<Real>(word >> 8) / Real{1 << 24});  // exact in float
      }
      sample.actions.data<std::int32_t>()[m] = static_cast<std::int32_t>(action);
      sample.log_probs.data<float>()[m] = static_cast<float>(logits[action] - log_sum);
    }
  });
}

template void sample_actions_on_host<float>(Context&, const SampleActions&);
template void sample_actions_on_host<double>(Context&, const SampleActions&);

}  // namespace srwm
