#include "ops/max_pool2x2.h"

namespace srwm {

OutputSpecs<MaxPool2x2::outputs> MaxPool2x2::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& shape = in[x].shape();
  if (shape[1] < 2 || shape[2] < 2) {
    shape_error(name, "x", "[N, H, W, C] with H and W of at least 2", shape.to_string());
  }
  return {OutputSpec{{shape[0], shape[1] / 2, shape[2] / 2, shape[3]}, in[x].dtype()}};
}

}  // namespace srwm
