// A figure of a result and its interval, as result.json has them.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

namespace srwm {

struct Estimate {
  double value = 0;
  std::optional<double> ci95;  ///< half the width of the 95 % interval over episodes, where known
};

/// Mean of figures that come from different episodes: its interval shrinks with their number. At least one.
Estimate mean_of(std::span<const Estimate> estimates);

/// Adds `name` and `<name>_ci95`.
void add_estimate(nlohmann::ordered_json& section, const std::string& name, const Estimate& estimate);
/// None unless `name` is a number; the interval is read from `ci95_name`.
std::optional<Estimate> read_estimate(const nlohmann::json& section, const std::string& name,
                                      const std::string& ci95_name);

}  // namespace srwm
