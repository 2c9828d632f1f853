// How far two computations of the same numbers may lie apart. All tests of ops take their tolerance from here; a wider
// entry needs a measurement and a written reason.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "core/dtype.h"

namespace srwm::test {

/// Largest |found - expected| / max(|expected|, rms of expected) for a result in `dtype` whose longest sum has `terms`
/// terms, against the same in double.
inline double tolerance(DType dtype, std::int64_t terms) {
  const double n = static_cast<double>(terms);
  switch (dtype) {
    case DType::f32:
      // A sum of n terms of random sign grows like sqrt(n), and the roundings of its n partial sums like n eps / 2: a
      // ratio of sqrt(n) eps / 2 or so. Measured with OpenBLAS, worst of 50,000 elements at n = 128: 0.8 sqrt(n) eps.
      // The constant covers what surrounds the sum: exp, division, square root, a few eps each.
      return (32 + 4 * std::sqrt(n)) * double{std::numeric_limits<float>::epsilon()};
    case DType::f64:
      // The same; only results in double are compared with each other this way (a gradient in one piece or in parts).
      return (32 + 4 * std::sqrt(n)) * std::numeric_limits<double>::epsilon();
    default:
      return 0;
  }
}

/// Step of a central difference in double: truncation error h^2 f''' / 6 and rounding error eps |f| / h are both about
/// 1e-10 for functions of size 1 to 100.
constexpr double difference_step = 1e-5;
/// Largest |difference - gradient| / max(|gradient|, rms of gradient). A thousand times the errors above, since f'''
/// and the sum over all outputs may be large; a wrong formula is off by 1e-2 or more.
constexpr double gradient_tolerance = 1e-6;

}  // namespace srwm::test
