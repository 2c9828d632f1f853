#include "ops/lstm.h"

#include "ops/sequence.h"

namespace srwm {

OutputSpecs<Lstm::outputs> Lstm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  expect_real(name, "w_hh", in[w_hh], 2);
  const DType real = in[x].dtype();
  const std::int64_t batch = in[x].dim(0), steps = in[x].dim(1), hidden = in[w_hh].dim(1);
  expect_steps(name, "x", batch, steps);
  expect_tensor(name, "w_ih", in[w_ih], Shape{4 * hidden, in[x].dim(2)}, real);
  expect_tensor(name, "w_hh", in[w_hh], Shape{4 * hidden, hidden}, real);
  expect_tensor(name, "b_ih", in[b_ih], Shape{4 * hidden}, real);
  expect_tensor(name, "b_hh", in[b_hh], Shape{4 * hidden}, real);
  if (in[h_first] || in[c_first]) {
    expect_real(name, "h_first", in[h_first], 2);
    const std::int64_t groups = in[h_first].dim(0);
    expect_tensor(name, "h_first", in[h_first], Shape{groups, hidden}, real);
    expect_tensor(name, "c_first", in[c_first], Shape{groups, hidden}, real);
    expect_groups(name, "h_first", groups, batch);
  }
  expect_reset(name, reset, batch, steps);
  const OutputSpec last{Shape{batch, hidden}, real};
  return {{{Shape{batch, steps, hidden}, real}, last, last}};
}

}  // namespace srwm
