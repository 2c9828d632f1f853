// Numbers to compute with in measurements.
#pragma once

#include "ops/context.h"

namespace srwm {

/// A tensor of type f32 or bf16 on the context's device, in memory of its own, of normally distributed numbers times
/// `scale`; `index` tells draws apart. Large ones repeat themselves. (Products of zeros take less power, and run
/// faster, than any of real numbers.)
Tensor random_tensor(Context& context, const Shape& shape, double scale, std::uint32_t index, DType dtype = DType::f32);

}  // namespace srwm
