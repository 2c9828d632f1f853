// The random factors of dropout, in the definition of ops/dropout.h.
#pragma once

#include <array>
#include <cmath>

#include "ops/context.h"

namespace srwm::reference {

/// The factors m / (1 - p) of four neighboring elements.
template <typename Real>
class DropoutMask {
 public:
  DropoutMask(const Context& context, double p, std::uint32_t site)
      : random_(context.random(Stream::dropout)),
        first_(std::uint64_t{site} << 32),
        dropped_below_(static_cast<std::uint64_t>(std::ldexp(p, 32))),
        scale_(static_cast<Real>(1 / (1 - p))) {}

  std::array<Real, 4> at(std::int64_t block) const {
    const Philox4 words = random_.at(first_ + static_cast<std::uint64_t>(block));
    std::array<Real, 4> factors;
    for (std::size_t j = 0; j < 4; ++j) factors[j] = words[j] < dropped_below_ ? Real{0} : scale_;
    return factors;
  }

 private:
  RandomStep random_;
  std::uint64_t first_, dropped_below_;
  Real scale_;
};

}  // namespace srwm::reference
