// What a fuzz target is made of. Each target is one source with the three functions below; it becomes a test, with the
// driver beside this file, and a libFuzzer program where SRWM_FUZZ is on (docs/internals/fuzzing.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Feeds one input to the code under test. Errors that a user may meet (core/error.h) are caught inside; whatever else
/// is thrown, or ends the program, is a finding. Returns 0, as libFuzzer asks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace srwm::fuzz {

/// Inputs to start from; at least one.
std::vector<std::string> seeds();
/// Pieces worth inserting into an input; may be empty.
std::vector<std::string> tokens();

/// The stretches of an input between its zero bytes; at least one.
inline std::vector<std::string> parts_of(std::string_view input) {
  std::vector<std::string> parts(1);
  for (const char c : input) {
    if (c == '\0') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// A finding unless `condition`.
inline void expect(bool condition, const std::string& what) {
  if (!condition) throw std::logic_error(what);
}

}  // namespace srwm::fuzz
