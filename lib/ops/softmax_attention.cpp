#include "ops/softmax_attention.h"

#include "ops/sequence.h"

namespace srwm {

OutputSpecs<SoftmaxAttention::outputs> SoftmaxAttention::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1);
  const std::int64_t d = expect_three_per_head(name, "projected", in[projected], heads), width = 2 * heads * d + 1;
  expect_steps(name, "projected", batch, steps);
  std::int64_t remembered = 0;
  if (in[past]) {
    expect_real(name, "past", in[past], 3);
    const std::int64_t groups = in[past].dim(0);
    remembered = in[past].dim(1);
    expect_tensor(name, "past", in[past], Shape{groups, remembered, width}, real);
    expect_groups(name, "past", groups, batch);
  }
  expect_reset(name, reset, batch, steps);
  return {{{Shape{batch, steps, heads * d}, real}, {Shape{batch, remembered + steps, width}, real}}};
}

}  // namespace srwm
