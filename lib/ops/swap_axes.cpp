#include "ops/swap_axes.h"

namespace srwm {

OutputSpecs<SwapAxes::outputs> SwapAxes::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  return {{{{in[x].dim(1), in[x].dim(0), in[x].dim(2)}, in[x].dtype()}}};
}

}  // namespace srwm
