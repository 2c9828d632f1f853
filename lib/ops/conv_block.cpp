#include "ops/conv_block.h"

namespace srwm {

OutputSpecs<ConvBlock::outputs> ConvBlock::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  expect_real(name, "weight", in[weight], 4);
  const Shape& shape = in[x].shape();
  const DType dtype = in[x].dtype();
  const std::int64_t out = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {out, shape[3], 3, 3}, dtype);
  expect_tensor(name, "bias", in[bias], {out}, dtype);
  expect_tensor(name, "gamma", in[gamma], {out}, dtype);
  expect_tensor(name, "beta", in[beta], {out}, dtype);
  if (shape[1] < 2 || shape[2] < 2) {
    shape_error(name, "x", "[N, H, W, I] with H and W of at least 2", shape.to_string());
  }
  state.check(name, out, shape[0] * shape[1] * shape[2], dtype);
  return {OutputSpec{{shape[0], shape[1] / 2, shape[2] / 2, out}, dtype}};
}

}  // namespace srwm
