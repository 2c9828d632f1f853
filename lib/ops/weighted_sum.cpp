#include "ops/weighted_sum.h"

namespace srwm {

OutputSpecs<WeightedSum::outputs> WeightedSum::plan(const Tensors<inputs>& in) const {
  expect_tensor(name, "a", in[a], {1}, in[a].dtype());
  expect_tensor(name, "b", in[b], {1}, in[a].dtype());
  expect_tensor(name, "c", in[c], {1}, in[a].dtype());
  return {{{Shape{1}, in[a].dtype()}}};
}

}  // namespace srwm
