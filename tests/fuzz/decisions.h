// The bytes of an input as a row of decisions, for targets that build their input from parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace srwm::fuzz {

/// Gives zeros when the bytes are used up, so that every input is one and its end means "nothing more".
class Decisions {
 public:
  Decisions(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  /// In [0, bound), for bounds up to 65536.
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : (byte() | std::size_t{byte()} << 8) % bound; }
  bool one_in(std::size_t odds) { return below(odds) == odds - 1; }
  template <typename T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }
  std::string text(std::size_t length) {
    std::string result;
    while (result.size() < length && !empty()) result += static_cast<char>(byte());
    return result;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace srwm::fuzz
