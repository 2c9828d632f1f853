#include "ops/head_linear.h"

namespace srwm {

OutputSpecs<HeadLinear::outputs> HeadLinear::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_real(name, "w", in[w], 3);
  const std::int64_t heads = in[w].dim(0), d = in[w].dim(1), e = in[w].dim(2);
  expect_tensor(name, "w", in[w], {heads, d, e}, in[x].dtype());
  if (in[x].dim(-1) != heads * d) {
    shape_error(name, "x", fmt::format("{} wide, for {} heads of {} numbers", heads * d, heads, d),
                in[x].shape().to_string());
  }
  Shape shape;
  for (int axis = 0; axis + 1 < in[x].shape().rank(); ++axis) shape.push_back(in[x].dim(axis));
  shape.push_back(heads * e);
  return {{{shape, in[x].dtype()}}};
}

}  // namespace srwm
