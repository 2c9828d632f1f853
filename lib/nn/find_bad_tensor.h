// Finding where a number stopped being finite.
#pragma once

#include <functional>
#include <string>

#include "autograd/tape.h"
#include "nn/parameters.h"

namespace srwm {

/// Looks at the parameters, then has `repeat` do forward and backward once more with every tensor watched, and says in
/// words where the first NaN or infinity is: "output 0 of srwm in layers.0", "the parameter layers.0.W_y", ... The
/// gradients are left in an undefined state.
std::string find_first_bad_tensor(Context& context, const ParameterSet& parameters,
                                  const std::function<void(const TensorWatcher&)>& repeat);

}  // namespace srwm
