#include "ops/shift_keys.h"

namespace srwm {

OutputSpecs<ShiftKeys::outputs> ShiftKeys::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  const std::int64_t width = in[x].dim(2);
  if (heads < 1 || width % heads != 0 || (width / heads) % 3 != 1 || width / heads < 4) {
    shape_error(name, "x", fmt::format("[B, T, {} (3 d + 1)], for {} heads of size d", heads, heads),
                in[x].shape().to_string());
  }
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
