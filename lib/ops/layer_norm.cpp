#include "ops/layer_norm.h"

namespace srwm {

OutputSpecs<LayerNorm::outputs> LayerNorm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  const Shape width{in[x].dim(-1)};
  expect_tensor(name, "gamma", in[gamma], width, in[x].dtype());
  expect_tensor(name, "beta", in[beta], width, in[x].dtype());
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
