#include "ops/pack_srwm.h"

namespace srwm {

OutputSpecs<PackSrwm::outputs> PackSrwm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "w_y", in[w_y], 4);
  const DType real = in[w_y].dtype();
  const std::int64_t heads = in[w_y].dim(1), d = in[w_y].dim(2), dy = in[w_y].dim(3);
  expect_tensor(name, "w_y", in[w_y], Shape{1, heads, d, dy}, real);
  expect_tensor(name, "w_q", in[w_q], Shape{1, heads, d, d}, real);
  expect_tensor(name, "w_k", in[w_k], Shape{1, heads, d, d}, real);
  expect_tensor(name, "w_b", in[w_b], Shape{1, heads, d, 4}, real);
  return {{{Shape{1, heads, d, dy + 2 * d + 4}, real}}};
}

}  // namespace srwm
