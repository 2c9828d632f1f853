#include "ops/max_pool3x3.h"

namespace srwm {

OutputSpecs<MaxPool3x3::outputs> MaxPool3x3::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& shape = in[x].shape();
  return {OutputSpec{{shape[0], (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]}, in[x].dtype()}};
}

}  // namespace srwm
