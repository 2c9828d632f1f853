#include "ops/select_rows.h"

namespace srwm {

OutputSpecs<SelectRows::outputs> SelectRows::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 2);
  const std::int64_t picked = rows.absent() ? 0 : rows.numel();
  expect_tensor(name, "rows", rows, {picked}, DType::i32);
  if (picked > in[x].dim(0)) {
    shape_error(name, "rows", fmt::format("at most {} increasing indices", in[x].dim(0)),
                fmt::format("{} long", picked));
  }
  return {{{{picked, in[x].dim(1)}, in[x].dtype()}}};
}

}  // namespace srwm
