// Finding where a number stopped being finite.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "autograd/tape.h"
#include "nn/parameters.h"

namespace srwm {

/// What find_first_bad_tensor says where it finds none.
inline constexpr std::string_view no_bad_tensor = "none on a second run of the step";

/// Looks at the parameters, then has `repeat` do forward and backward once more with every tensor watched, and says in
/// words where the first NaN or infinity is: "output 0 of srwm in layers.0", "the parameter layers.0.W_y", ... The
/// gradients are left in an undefined state.
std::string find_first_bad_tensor(Context& context, const ParameterSet& parameters,
                                  const std::function<void(const TensorWatcher&)>& repeat);

}  // namespace srwm
