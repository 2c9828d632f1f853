#include "data/random_order.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "core/rng.h"

namespace srwm {

RandomOrder::RandomOrder(std::array<std::uint32_t, 2> key, std::int64_t count)
    : key_(key), count_(static_cast<std::uint64_t>(count)) {
  SRWM_CHECK(count >= 1 && count <= std::int64_t{1} << 40, "an order of {}", count);
  // Smaller halves make some orders of a few numbers more likely than others.
  constexpr int least_half_bits = 3;
  half_bits_ = std::max(least_half_bits, (static_cast<int>(std::bit_width(count_ - 1)) + 1) / 2);
}

std::int64_t RandomOrder::at(std::int64_t index) const {
  const std::uint64_t position = static_cast<std::uint64_t>(index);
  const auto pass = static_cast<std::uint32_t>(position / count_);
  std::uint64_t value = position % count_;
  do {
    value = encrypt(value, pass);
  } while (value >= count_);
  return static_cast<std::int64_t>(value);
}

std::uint64_t RandomOrder::encrypt(std::uint64_t value, std::uint32_t pass) const {
  constexpr std::uint32_t rounds = 6;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_, right = value & mask;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const Philox4 random = philox4x32({static_cast<std::uint32_t>(right), round, pass, 0}, key_);
    left ^= random[0] & mask;
    std::swap(left, right);
  }
  return left << half_bits_ | right;
}

}  // namespace srwm
