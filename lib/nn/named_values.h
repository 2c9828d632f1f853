// The trained tensors of a model by name.
#pragma once

#include <vector>

#include "core/named_tensor.h"
#include "nn/parameters.h"

namespace srwm {

/// In the order of their creation, sharing their memory.
inline std::vector<NamedTensor> named_values(const ParameterSet& set) {
  std::vector<NamedTensor> values;
  for (const Parameter& parameter : set.parameters()) values.push_back({parameter.name, parameter.value});
  return values;
}

}  // namespace srwm
