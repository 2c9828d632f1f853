// Working memory of reference implementations.
#pragma once

#include "ops/context.h"

namespace srwm::reference {

/// `count` uninitialized numbers of step memory.
template <typename Real>
Real* scratch(Context& context, std::int64_t count) {
  const Tensor memory = context.empty({count}, DTypeOf<Real>::value);
  return memory.data<Real>();
}

}  // namespace srwm::reference
