#include "ops/relu.h"

namespace srwm {

OutputSpecs<Relu::outputs> Relu::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
