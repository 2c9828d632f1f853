#include "nn/find_bad_tensor.h"

#include "core/finite.h"

namespace srwm {

std::string find_first_bad_tensor(Context& context, const ParameterSet& parameters,
                                  const std::function<void(const TensorWatcher&)>& repeat) {
  for (const Parameter& parameter : parameters.parameters()) {
    if (!all_finite(context.on_host(parameter.value))) return "the parameter " + parameter.name;
  }
  std::string found;
  repeat([&](const std::string& place, const char* op, const std::string& what, const Tensor& t) {
    if (!found.empty() || all_finite(context.on_host(t))) return;
    found = what + " of " + op + (place.empty() ? "" : " in " + place);
  });
  return found.empty() ? std::string(no_bad_tensor) : found;
}

}  // namespace srwm
