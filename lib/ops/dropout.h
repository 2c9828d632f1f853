// Inverted dropout (Srivastava et al., 2014).
#pragma once

#include "ops/op.h"

namespace srwm {

/// y = x m / (1 - p), m ~ Bernoulli(1 - p) elementwise. The mask is a function of the context's (seed, step) and of
/// `site`, which tells apart the dropouts of one model; element i draws word i % 4 of Philox block
/// (site << 32) + i / 4. Backward draws the mask again instead of storing it.
struct Dropout {
  static constexpr const char* name = "dropout";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  double p = 0;  ///< in [0, 1)
  std::uint32_t site = 0;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
