#include "ops/linear.h"

namespace srwm {

OutputSpecs<Linear::outputs> Linear::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "weight", in[weight], 2);
  const std::int64_t outs = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {outs, in[x].dim(-1)}, in[x].dtype());
  if (in[bias]) expect_tensor(name, "bias", in[bias], {outs}, in[x].dtype());

  Shape y;
  for (int axis = 0; axis + 1 < in[x].shape().rank(); ++axis) y.push_back(in[x].dim(axis));
  y.push_back(outs);
  return {{{y, in[x].dtype()}}};
}

}  // namespace srwm
