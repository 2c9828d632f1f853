// What a TaskType says whose runs are compared by their accuracy.
#pragma once

#include <string>

#include <fmt/core.h>

#include "run/measure.h"

namespace srwm {

/// TaskType::headline: the accuracy of the test.
inline Measure test_accuracy(bool) {
  return {"test", "accuracy"};
}
/// TaskType::choice: the accuracy of the validation.
inline Measure validation_accuracy(bool) {
  return {"validation", "accuracy"};
}
/// TaskType::headline_text: "97.40 %".
inline std::string accuracy_headline_text(double accuracy) {
  return fmt::format("{:.2f} %", 100 * accuracy);
}

}  // namespace srwm
