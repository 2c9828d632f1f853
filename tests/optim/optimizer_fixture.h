// Parameters in double whose gradients a test sets by hand.
#pragma once

#include "nn/parameters.h"
#include "ops/backend.h"

namespace srwm::test {

struct OptimizerFixture {
  Context context{reference_backend(DType::f64), DType::f64, 2};
  ParameterSet set{context, 1};

  static void set_gradient(Parameter& parameter, double value) {
    for (double& g : parameter.slot.grad.span<double>()) g = value;
    parameter.slot.written = true;
  }
};

}  // namespace srwm::test
