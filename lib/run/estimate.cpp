#include "run/estimate.h"

#include <cmath>

namespace srwm {

Estimate mean_of(std::span<const Estimate> estimates) {
  const auto count = static_cast<double>(estimates.size());
  double sum = 0, squares = 0;
  bool has_intervals = true;
  for (const Estimate& estimate : estimates) {
    sum += estimate.value;
    squares += estimate.ci95.value_or(0) * estimate.ci95.value_or(0);
    has_intervals = has_intervals && estimate.ci95;
  }
  return {sum / count, has_intervals ? std::optional(std::sqrt(squares) / count) : std::nullopt};
}

void add_estimate(nlohmann::ordered_json& section, const std::string& name, const Estimate& estimate) {
  section[name] = estimate.value;
  if (estimate.ci95) section[name + "_ci95"] = *estimate.ci95;
}

std::optional<Estimate> read_estimate(const nlohmann::json& section, const std::string& name,
                                      const std::string& ci95_name) {
  const auto value = section.find(name), ci95 = section.find(ci95_name);
  if (value == section.end() || !value->is_number()) return std::nullopt;
  const bool has_interval = ci95 != section.end() && ci95->is_number();
  return Estimate{value->get<double>(), has_interval ? std::optional(ci95->get<double>()) : std::nullopt};
}

}  // namespace srwm
