#include "ops/add.h"

namespace srwm {

OutputSpecs<Add::outputs> Add::plan(const Tensors<inputs>& in) const {
  expect_real(name, "a", in[a]);
  expect_tensor(name, "b", in[b], in[a].shape(), in[a].dtype());
  return {{{in[a].shape(), in[a].dtype()}}};
}

}  // namespace srwm
