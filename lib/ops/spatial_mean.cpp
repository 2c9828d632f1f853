#include "ops/spatial_mean.h"

namespace srwm {

OutputSpecs<SpatialMean::outputs> SpatialMean::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  if (in[x].dim(1) < 1 || in[x].dim(2) < 1) {
    shape_error(name, "x", "[N, H, W, C] with H and W of at least 1", in[x].shape().to_string());
  }
  return {OutputSpec{{in[x].dim(0), in[x].dim(3)}, in[x].dtype()}};
}

}  // namespace srwm
