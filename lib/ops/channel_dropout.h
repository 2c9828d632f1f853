// Dropout of whole channels (Tompson et al., 2015), channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, h, w, c] = x[n, h, w, c] m[n, c] / (1 - p), m ~ Bernoulli(1 - p): torch.nn.Dropout2d. The mask is that of
/// Dropout (ops/dropout.h) for a tensor [N, C].
struct ChannelDropout {
  static constexpr const char* name = "channel_dropout";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  double p = 0;  ///< in [0, 1)
  std::uint32_t site = 0;

  struct Saved {
    Tensor factors;  // m / (1 - p), [N, C]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
