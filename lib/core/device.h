// Where a tensor lives and where its ops run.
#pragma once

#include <string>

namespace srwm {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;

  /// "cpu" or "cuda:0".
  std::string to_string() const { return kind == Kind::cpu ? "cpu" : "cuda:" + std::to_string(index); }
  bool operator==(const Device& other) const = default;
};

}  // namespace srwm
