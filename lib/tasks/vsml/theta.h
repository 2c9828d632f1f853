// All parameters of a rule as one vector: what rules compute with, one row per member of a population.
#pragma once

#include <cstdint>

#include "nn/parameters.h"
#include "ops/context.h"

namespace srwm {

/// Calls body(parameter, its part of theta) for each parameter in the order of the set; theta has count() numbers.
template <typename Body>
void for_each_part(ParameterSet& parameters, const Tensor& theta, const Body& body) {
  const Tensor flat = theta.reshaped({theta.numel()});
  std::int64_t begin = 0;
  for (Parameter& parameter : parameters.parameters()) {
    const std::int64_t size = parameter.value.numel();
    body(parameter, flat.rows(begin, begin + size).reshaped(parameter.value.shape()));
    begin += size;
  }
}

/// All parameters one after the other, [1, n], in step memory.
inline Tensor pack_theta(Context& context, ParameterSet& parameters) {
  Tensor theta = context.empty({1, parameters.count()});
  for_each_part(parameters, theta,
                [&](Parameter& parameter, const Tensor& part) { context.copy(part, parameter.value); });
  return theta;
}

}  // namespace srwm
