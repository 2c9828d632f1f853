#include "ops/zero_where.h"

namespace srwm {

OutputSpecs<ZeroWhere::outputs> ZeroWhere::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  const std::int64_t steps = mask.absent() || mask.shape().rank() != 2 ? 1 : mask.dim(1);
  expect_tensor(name, "mask", mask, {in[x].dim(0), steps}, DType::u8);
  if (step < 0 || step >= steps) shape_error(name, "step", fmt::format("below {}", steps), fmt::format("{}", step));
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
