#include "ops/linear_attention.h"

#include "ops/sequence.h"

namespace srwm {

OutputSpecs<LinearAttention::outputs> LinearAttention::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1);
  const std::int64_t d = expect_three_per_head(name, "projected", in[projected], heads);
  expect_steps(name, "projected", batch, steps);
  expect_first_matrix(name, in[w_first], heads, d, batch, real);
  expect_reset(name, reset, batch, steps);
  return {{{Shape{batch, steps, heads * d}, real}, {Shape{batch, heads, d, d}, real}}};
}

}  // namespace srwm
