#include "core/rng.h"

#include <cmath>
#include <numbers>

namespace srwm {

Philox4 philox4x32(Philox4 counter, std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t m0 = 0xD2511F53, m1 = 0xCD9E8D57;
  constexpr std::uint32_t w0 = 0x9E3779B9, w1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = m0 * counter[0], p1 = m1 * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key = {key[0] + w0, key[1] + w1};
  }
  return counter;
}

std::array<double, 4> normals(const Philox4& block) {
  const auto uniform = [&](std::size_t word) { return (static_cast<double>(block[word]) + 0.5) * 0x1.0p-32; };
  std::array<double, 4> values{};
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    const double radius = std::sqrt(-2.0 * std::log(uniform(pair)));
    const double angle = 2.0 * std::numbers::pi * uniform(pair + 1);
    values[pair] = radius * std::cos(angle);
    values[pair + 1] = radius * std::sin(angle);
  }
  return values;
}

RandomStep::RandomStep(std::uint64_t seed, Stream stream, std::uint32_t step)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      stream_(static_cast<std::uint32_t>(stream)),
      step_(step) {}

RandomSequence::RandomSequence(std::uint64_t seed, Stream stream, std::uint32_t step, std::uint64_t first)
    : step_(seed, stream, step), block_(first) {}

std::uint32_t RandomSequence::next_u32() {
  if (used_ == 4) {
    buffer_ = step_.at(block_++);
    used_ = 0;
  }
  return buffer_[static_cast<std::size_t>(used_++)];
}

std::uint64_t RandomSequence::next_u64() {
  const std::uint64_t low = next_u32();
  return low | static_cast<std::uint64_t>(next_u32()) << 32;
}

std::uint32_t RandomSequence::below(std::uint32_t bound) {
  // Lemire's multiply-and-reject: the low word tells whether this draw belongs to the over-represented part.
  const std::uint32_t threshold = -bound % bound;
  while (true) {
    const std::uint64_t product = static_cast<std::uint64_t>(next_u32()) * bound;
    if (static_cast<std::uint32_t>(product) >= threshold) return static_cast<std::uint32_t>(product >> 32);
  }
}

double RandomSequence::uniform() {
  return static_cast<double>(next_u64() >> 11) * 0x1.0p-53;
}

double RandomSequence::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double RandomSequence::truncated_normal() {
  double value = normal();
  while (std::abs(value) > 2) value = normal();
  return value;
}

}  // namespace srwm
