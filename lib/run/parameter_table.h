// The tensors of a model, for people.
#pragma once

#include <string>
#include <vector>

#include "core/named_tensor.h"

namespace srwm {

/// A line for each with name, shape and size, and one with the sum.
std::string parameter_table(const std::vector<NamedTensor>& parameters);

}  // namespace srwm
