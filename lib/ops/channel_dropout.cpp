#include "ops/channel_dropout.h"

namespace srwm {

OutputSpecs<ChannelDropout::outputs> ChannelDropout::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  if (!(p >= 0 && p < 1)) shape_error(name, "p", "a probability in [0, 1)", fmt::format("{}", p));
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm
