// A fingerprint of data: tells whether two files hold the same, at the speed of memory. Not for secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace srwm {

/// A 128-bit hash of a sequence of bytes. Eight 64-bit lanes each take every eighth word: p = ((lane ^ word) + 1) *
/// odd constant, lane = p ^ p >> 29. Each step is a bijection of the word and of the lane, so a change of a single word
/// is never lost; at the end the lanes are mixed with each other and the length. Part of the file formats: never change
/// it.
class Digest {
 public:
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  /// 32 hexadecimal digits of everything so far.
  std::string hex() const;

 private:
  static constexpr std::size_t lanes = 8;
  void take_block(const std::byte* block);

  std::array<std::uint64_t, lanes> state_{};
  std::array<std::byte, lanes * sizeof(std::uint64_t)> rest_{};
  std::uint64_t length_ = 0;
};

}  // namespace srwm
