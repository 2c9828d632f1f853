// Lines of comma-separated values (RFC 4180).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace srwm {

/// In quotes where it needs them.
inline std::string for_csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

/// An empty cell for what is not known.
inline std::string for_csv(const std::optional<double>& value) {
  return value ? fmt::to_string(*value) : std::string();
}

inline std::string for_csv(std::int64_t count) {
  return fmt::to_string(count);
}

template <typename... Values>
std::string csv_line(const Values&... values) {
  std::string line;
  ((line += for_csv(values) + ","), ...);
  line.back() = '\n';
  return line;
}

}  // namespace srwm
