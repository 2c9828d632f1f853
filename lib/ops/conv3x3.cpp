#include "ops/conv3x3.h"

namespace srwm {

OutputSpecs<Conv3x3::outputs> Conv3x3::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  expect_real(name, "weight", in[weight], 4);
  const DType dtype = in[x].dtype();
  const std::int64_t out = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {out, in[x].dim(3), 3, 3}, dtype);
  if (in[bias]) expect_tensor(name, "bias", in[bias], {out}, dtype);
  return {OutputSpec{{in[x].dim(0), in[x].dim(1), in[x].dim(2), out}, dtype}};
}

}  // namespace srwm
