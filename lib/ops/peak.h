// What the speed of a device is held against besides its copies: products of matrices, and nothing else.
#pragma once

#include "core/tensor.h"
#include "ops/context.h"

namespace srwm {

/// Absent in backends of the host, whose peaks srwm bench measures with its loops.
struct PeakBodies {
  /// c = a b, all [n, n], through the fastest library of the device. c is f32; a and b are both f32 and rounded to the
  /// context's precision, or both bf16.
  void (*product)(Context&, const Tensor& a, const Tensor& b, const Tensor& c) = nullptr;
};

}  // namespace srwm
