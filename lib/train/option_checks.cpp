#include "train/option_checks.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace srwm {

const CLI::Validator& positive() {
  static const CLI::Validator validator(
      [](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value > 0;
        return good ? std::string() : fmt::format("'{}' is not a number above 0", text);
      },
      "POSITIVE", "positive");
  return validator;
}

const CLI::Validator& not_negative() {
  static const CLI::Validator validator(
      [](std::string& text) { return text.starts_with('-') ? text + " is negative" : std::string(); }, "",
      "NOT_NEGATIVE");
  return validator;
}

const CLI::Validator& not_empty() {
  static const CLI::Validator validator(
      [](std::string& text) { return text.empty() ? std::string("the value is empty") : std::string(); }, "",
      "NOT_EMPTY");
  return validator;
}

}  // namespace srwm
