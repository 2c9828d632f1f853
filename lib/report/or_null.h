// Values that may be missing, in JSON.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

namespace srwm {

/// The value, or null.
template <typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace srwm
