// All parameters of a rule as one vector: what rules compute with, one row per member of a population.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/parameters.h"
#include "ops/backend.h"
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

/// Adds the parts of a gradient of that to the gradients of the parameters.
inline void add_theta_gradient(Context& context, ParameterSet& parameters, const Tensor& dL_dtheta) {
  for_each_part(parameters, dL_dtheta, [&](Parameter& parameter, const Tensor& part) {
    if (parameter.slot.written) {
      context.backend().updates.scale_add(context, {1, parameter.slot.grad, part});
    } else {
      context.copy(parameter.slot.grad, part);
    }
    parameter.slot.written = true;
  });
}

/// Numbers on the host as a tensor on the device, of the context's type, in step memory.
inline Tensor floats_to_device(Context& context, const float* host, const Shape& shape) {
  Tensor device = context.empty(shape);
  if (context.real() == DType::f32) {
    context.upload(device, host);
  } else {
    std::copy_n(host, shape.numel(), device.data<double>());  // the reference backend: on the host
  }
  return device;
}

}  // namespace srwm
