#include "run/parameter_table.h"

#include <fmt/core.h>

#include "run/progress.h"

namespace srwm {

std::string parameter_table(const std::vector<NamedTensor>& parameters) {
  std::string text;
  std::int64_t sum = 0;
  for (const auto& [name, tensor] : parameters) {
    text += fmt::format("  {:<32} {:<18} {:>12}\n", name, tensor.shape().to_string(), format_count(tensor.numel()));
    sum += tensor.numel();
  }
  return text + fmt::format("  {:<32} {:<18} {:>12}\n", "parameters", "", format_count(sum));
}

}  // namespace srwm
