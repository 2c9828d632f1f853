// Random permutations that are computed element by element: nothing is stored, and any element can be asked for.
#pragma once

#include <array>
#include <cstdint>

namespace srwm {

/// Numbers 0 .. count - 1 in random order, then again in another order, and so on: a Feistel network over Philox
/// (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002; values outside the range are sent round again).
/// A pure function of `key`: the draws without replacement of an episode need no memory.
class RandomOrder {
 public:
  /// 1 <= count <= 2^40.
  RandomOrder(std::array<std::uint32_t, 2> key, std::int64_t count);

  /// The element at position `index` >= 0; positions p count .. (p + 1) count - 1 hold each number once.
  std::int64_t at(std::int64_t index) const;

 private:
  std::uint64_t encrypt(std::uint64_t value, std::uint32_t pass) const;

  std::array<std::uint32_t, 2> key_;
  std::uint64_t count_;
  int half_bits_;  ///< the network permutes 2 half_bits_ bits
};

}  // namespace srwm
