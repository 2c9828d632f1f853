#include "ops/flatten_chw.h"

namespace srwm {

OutputSpecs<FlattenChw::outputs> FlattenChw::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& s = in[x].shape();
  return {{{{s[0], s[1] * s[2] * s[3]}, in[x].dtype()}}};
}

}  // namespace srwm
