#include "ops/srwm.h"

#include "ops/sequence.h"

namespace srwm {

OutputSpecs<Srwm::outputs> Srwm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  expect_real(name, "w_first", in[w_first], 4);
  const DType real = in[x].dtype();
  const std::int64_t batch = in[x].dim(0), steps = in[x].dim(1);
  const std::int64_t groups = in[w_first].dim(0), heads = in[w_first].dim(1), d = in[w_first].dim(2);
  const std::int64_t rows = in[w_first].dim(3), outs = rows - 2 * d - 4;
  if (outs < 1) {
    shape_error(name, "w_first", fmt::format("at least {} rows, for heads of size {}", 2 * d + 5, d),
                in[w_first].shape().to_string());
  }
  const Shape one{1, heads, d, rows}, last{batch, heads, d, rows};
  expect_steps(name, "x", batch, steps);
  expect_tensor(name, "w_first", in[w_first], Shape{groups, heads, d, rows}, real);
  expect_tensor(name, "x", in[x], Shape{batch, steps, heads * d}, real);
  expect_groups(name, "w_first", groups, batch);
  expect_reset(name, reset, batch, steps);
  if (reset || in[w_reset]) expect_tensor(name, "w_reset", in[w_reset], one, real);
  return {{{Shape{batch, steps, heads * outs}, real}, {last, real}}};
}

}  // namespace srwm
