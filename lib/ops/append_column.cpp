#include "ops/append_column.h"

namespace srwm {

OutputSpecs<AppendColumn::outputs> AppendColumn::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  expect_tensor(name, "column", column, {in[x].dim(0)}, DType::f32);
  return {{{{in[x].dim(0), in[x].dim(1) + 1}, in[x].dtype()}}};
}

}  // namespace srwm
