#include "ops/softmax_attention.h"

#include <cmath>

#include "ops/op_harness.h"
#include "ops/op_run.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t batch, steps, heads, d;
  std::int64_t groups, past;  ///< 0: no past
};

OpCase<SoftmaxAttention> softmax_attention_case(Sizes s, double reset_probability, std::uint64_t seed) {
  SoftmaxAttention op{.heads = s.heads, .reset = {}};
  if (reset_probability > 0) op.reset = random_mask({s.batch, s.steps}, reset_probability, seed);
  return {.name = fmt::format("B {} T {} heads {} d {} groups {} past {}{}", s.batch, s.steps, s.heads, s.d, s.groups,
                              s.past, op.reset ? " reset" : ""),
          .op = always(op),
          // a mark says whether it is above zero; both kinds must occur, none near zero
          .in = {operand({s.batch, s.steps, 3 * s.heads * s.d}),
                 s.groups > 0 ? operand({s.groups, s.past, 2 * s.heads * s.d + 1}, away_from_zero(0.01, 2)) : absent()},
          .seed = seed,
          .terms = (s.d + s.past + s.steps) * s.batch};
}

std::vector<OpCase<SoftmaxAttention>> softmax_attention_cases() {
  return {softmax_attention_case({1, 1, 1, 16, 0, 0}, 0, 1),     softmax_attention_case({3, 6, 2, 8, 0, 0}, 0, 2),
          softmax_attention_case({3, 6, 2, 8, 1, 5}, 0, 3),      softmax_attention_case({4, 35, 2, 16, 2, 19}, 0.2, 4),
          softmax_attention_case({2, 33, 3, 16, 2, 1}, 0, 5),    softmax_attention_case({2, 17, 2, 32, 0, 0}, 0.2, 6),
          softmax_attention_case({1, 9, 1, 64, 1, 33}, 0, 7),    softmax_attention_case({2, 5, 1, 128, 1, 3}, 0.2, 8),
          softmax_attention_case({2, 4, 2, 5, 1, 16}, 0.3, 9),   softmax_attention_case({67, 1, 1, 8, 1, 4}, 0, 10),
          softmax_attention_case({2, 15, 1, 17, 2, 31}, 0.1, 11)};
}

std::vector<OpCase<SoftmaxAttention>> softmax_attention_speed_cases() {
  return {softmax_attention_case({128, 6, 16, 16, 0, 0}, 0, 1), softmax_attention_case({16, 150, 16, 16, 0, 0}, 0, 1),
          softmax_attention_case({128, 1, 16, 16, 128, 25}, 0, 1), softmax_attention_case({4, 512, 4, 64, 0, 0}, 0, 1)};
}

using Run = OpRun<SoftmaxAttention>;

/// Columns [first, last) of the middle axis.
Tensor steps_of(const Tensor& tensor, std::int64_t first, std::int64_t last) {
  const std::int64_t batch = tensor.dim(0), steps = tensor.dim(1), width = tensor.dim(2);
  const Tensor part = Tensor::owning({batch, last - first, width}, DType::f32);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::copy_n(tensor.data<float>() + (b * steps + first) * width, (last - first) * width,
                part.data<float>() + b * (last - first) * width);
  }
  return part;
}

}  // namespace

SRWM_TEST_OP(SoftmaxAttention, softmax_attention_cases, softmax_attention_speed_cases)

TEST_CASE("SoftmaxAttention: a sequence in two segments is the sequence, resets included") {
  const std::int64_t batch = 3, steps = 19, cut = 8, heads = 2, d = 16;
  const Tensor projected = normal_tensor({batch, steps, 3 * heads * d}, 1, 1);
  const Tensor reset = Tensor::owning({batch, steps}, DType::u8);
  for (const std::int64_t at : {5L, steps + 3, steps + 11}) reset.data<std::uint8_t>()[at] = 1;
  const auto resets = [&](std::int64_t first, std::int64_t last) {
    const Tensor part = Tensor::owning({batch, last - first}, DType::u8);
    for (std::int64_t b = 0; b < batch; ++b) {
      std::copy_n(reset.data<std::uint8_t>() + b * steps + first, last - first,
                  part.data<std::uint8_t>() + b * (last - first));
    }
    return part;
  };
  for (const Run::On on : {Run::On::cpu, Run::On::reference}) {
    Run whole({.heads = heads, .reset = reset}, {projected, Tensor()}, DType::f32, on);
    Run first({.heads = heads, .reset = resets(0, cut)}, {steps_of(projected, 0, cut), Tensor()}, DType::f32, on);
    whole.forward();
    first.forward();
    Run second({.heads = heads, .reset = resets(cut, steps)},
               {steps_of(projected, cut, steps), first.out[SoftmaxAttention::memory]}, DType::f32, on);
    second.forward();
    CHECK(relative_error(first.out[SoftmaxAttention::y], steps_of(whole.out[SoftmaxAttention::y], 0, cut)) <= 1e-6);
    CHECK(relative_error(second.out[SoftmaxAttention::y], steps_of(whole.out[SoftmaxAttention::y], cut, steps)) <=
          1e-6);
    CHECK(relative_error(second.out[SoftmaxAttention::memory], whole.out[SoftmaxAttention::memory]) <= 1e-6);
  }
}

TEST_CASE("SoftmaxAttention: large scores do not overflow") {
  const Tensor projected = normal_tensor({1, 9, 3 * 16}, 60, 1);
  Run fast({}, {projected, Tensor()}, DType::f32, Run::On::cpu);
  Run plain({}, {projected, Tensor()}, DType::f32, Run::On::reference);
  fast.forward();
  plain.forward();
  CHECK(relative_error(fast.out[SoftmaxAttention::y], plain.out[SoftmaxAttention::y]) <= 1e-3);
}

TEST_CASE("SoftmaxAttention: what does not fit is refused by name") {
  const SoftmaxAttention op{.heads = 2};
  CHECK_THROWS_WITH(op.plan({Tensor::owning({4, 3, 48}, DType::f32), Tensor::owning({2, 5, 32}, DType::f32)}),
                    "softmax_attention: past is f32 [2, 5, 32], expected f32 [2, 5, 33].");
}
