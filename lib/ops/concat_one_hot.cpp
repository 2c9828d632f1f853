#include "ops/concat_one_hot.h"

namespace srwm {

OutputSpecs<ConcatOneHot::outputs> ConcatOneHot::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  expect_tensor(name, "labels", labels, {in[x].dim(0)}, DType::i32);
  if (classes < 1) shape_error(name, "classes", "1 or more", fmt::format("{}", classes));
  return {{{{in[x].dim(0), in[x].dim(1) + classes}, in[x].dtype()}}};
}

}  // namespace srwm
