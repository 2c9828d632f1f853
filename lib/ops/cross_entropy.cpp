#include "ops/cross_entropy.h"

namespace srwm {

OutputSpecs<CrossEntropy::outputs> CrossEntropy::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 2);
  const std::int64_t rows = in[logits].dim(0), classes = in[logits].dim(1);
  if (rows < 1 || classes < 1) {
    shape_error(name, "logits", "at least one row and one class", in[logits].shape().to_string());
  }
  expect_tensor(name, "targets", targets, {rows}, DType::i32);
  const OutputSpec number{{1}, in[logits].dtype()};
  return {{number, number}};
}

}  // namespace srwm
