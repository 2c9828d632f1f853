#include "core/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/core.h>

namespace srwm {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read in the byte order of the machine");

/// Odd numbers with about as many ones as zeros: fractional parts of square roots of primes.
constexpr std::array<std::uint64_t, 8> multipliers{
    0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/// The finalizer of MurmurHash3: every bit of the result depends on every bit of `x`.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

}  // namespace

void Digest::take_block(const std::byte* block) {
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::uint64_t word;
    std::memcpy(&word, block + lane * sizeof word, sizeof word);
    // The product carries a change upwards only; the shift brings it down again.
    const std::uint64_t product = ((state_[lane] ^ word) + 1) * multipliers[lane];
    state_[lane] = product ^ product >> 29;
  }
}

void Digest::update(std::span<const std::byte> bytes) {
  const std::size_t waiting = length_ % rest_.size();
  length_ += bytes.size();
  if (waiting > 0) {
    const std::size_t taken = std::min(bytes.size(), rest_.size() - waiting);
    std::copy_n(bytes.begin(), taken, rest_.begin() + static_cast<std::ptrdiff_t>(waiting));
    bytes = bytes.subspan(taken);
    if (waiting + taken < rest_.size()) return;
    take_block(rest_.data());
  }
  for (; bytes.size() >= rest_.size(); bytes = bytes.subspan(rest_.size())) take_block(bytes.data());
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
}

std::string Digest::hex() const {
  Digest last = *this;
  std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(length_ % rest_.size()), last.rest_.end(), std::byte{0});
  last.take_block(last.rest_.data());
  std::uint64_t high = length_, low = ~length_;
  for (const std::uint64_t lane : last.state_) {
    high = mix(high ^ lane);
    low = mix(low + lane);
  }
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace srwm
