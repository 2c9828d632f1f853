#include "ops/add_shared.h"

namespace srwm {

OutputSpecs<AddShared::outputs> AddShared::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "shared", in[shared]);
  Shape one{1};
  for (int axis = 1; axis < in[x].shape().rank(); ++axis) one.push_back(in[x].dim(axis));
  expect_tensor(name, "shared", in[shared], one, in[x].dtype());
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
