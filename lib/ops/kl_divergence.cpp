#include "ops/kl_divergence.h"

namespace srwm {

OutputSpecs<KlDivergence::outputs> KlDivergence::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 2);
  expect_tensor(name, "wanted", wanted, in[logits].shape(), in[logits].dtype());
  return {{{Shape{1}, in[logits].dtype()}}};
}

}  // namespace srwm
