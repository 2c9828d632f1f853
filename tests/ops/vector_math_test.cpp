#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "ops/math_probe.h"
#include "support/simd_levels.h"

using namespace srwm;
using namespace srwm::cpu;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float smallest_normal = std::numeric_limits<float>::min();

/// Every `stride`-th float from the most negative to the largest, a multiple of 16 of them.
std::vector<float> floats(std::uint32_t stride) {
  std::vector<float> values;
  for (std::uint64_t bits = 0; bits < 0x7f800000u; bits += stride) {
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    values.push_back(-values.back());
  }
  values.resize(values.size() / 16 * 16);
  return values;
}

/// |found - exact| in units of the last place of the nearest float; below the normal floats, of the smallest of them.
double ulps(float found, double exact) {
  const auto nearest = static_cast<float>(exact);
  if (found == nearest) return 0;
  if (!std::isfinite(nearest)) return infinity;
  if (std::abs(nearest) < smallest_normal) return std::abs(found - exact) / smallest_normal;
  const double unit = std::nextafter(std::abs(nearest), infinity) - std::abs(nearest);
  return std::abs(found - exact) / unit;
}

double worst_ulps(void (*fast)(float*, const float*, int), double (*exact)(double), float largest = infinity) {
  constexpr std::uint32_t stride = 9973;  // 430,000 floats
  std::vector<float> x = floats(stride);
  for (float& value : x) value = std::clamp(value, -largest, largest);
  std::vector<float> y(x.size());
  fast(y.data(), x.data(), static_cast<int>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(y[i], exact(x[i]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

}  // namespace

TEST_CASE("exp, sigmoid and tanh are good to the last places") {
  for (const SimdLevel level : test::simd_levels_here()) {
    INFO("level " << name_of(level));
    const MathProbe& probe = math_probe(level);
    CHECK(worst_ulps(probe.exp, [](double x) { return std::exp(x); }) <= 1.25);
    CHECK(worst_ulps(probe.sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }) <= 2.5);
    CHECK(worst_ulps(probe.tanh, [](double x) { return std::tanh(x); }) <= 2.5);
  }
}

TEST_CASE("quick sigmoid and tanh are good to a few of the last places") {
  for (const SimdLevel level : test::simd_levels_here()) {
    INFO("level " << name_of(level));
    const MathProbe& probe = math_probe(level);
    // without fused multiply-adds x log2 e is rounded, which grows with x
    const double bound = level == SimdLevel::base ? 16 : 7;
    CHECK(worst_ulps(
              probe.quick_sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 20) <= bound);
    CHECK(worst_ulps(probe.quick_tanh, [](double x) { return std::tanh(x); }) <= 7);
    std::vector<float> x{infinity, -infinity, std::nanf(""), 0, 100, -100, 9.1f, -9.1f, 0, 0, 0, 0, 0, 0, 0, 0}, y(16);
    probe.quick_sigmoid(y.data(), x.data(), 16);
    CHECK(y[0] == 1);
    CHECK((y[1] > 0 && y[1] < 2e-35f));
    CHECK(std::isnan(y[2]));
    CHECK(y[3] == 0.5f);
    probe.quick_tanh(y.data(), x.data(), 16);
    CHECK((y[0] == 1 && y[1] == -1));
    CHECK(std::isnan(y[2]));
    CHECK(y[3] == 0);
    for (const float value : y) CHECK(!(std::abs(value) > 1));
  }
}

TEST_CASE("exp, sigmoid and tanh at infinity and NaN") {
  for (const SimdLevel level : test::simd_levels_here()) {
    INFO("level " << name_of(level));
    const std::vector<float> x{infinity, -infinity, std::nanf(""), 0, -0.0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    std::vector<float> y(16);
    math_probe(level).exp(y.data(), x.data(), 16);
    CHECK(y[0] == infinity);
    CHECK(y[1] == 0);
    CHECK(std::isnan(y[2]));
    CHECK(y[3] == 1);
    math_probe(level).sigmoid(y.data(), x.data(), 16);
    CHECK(y[0] == 1);
    CHECK(y[1] == 0);
    CHECK(std::isnan(y[2]));
    CHECK(y[3] == 0.5f);
    math_probe(level).tanh(y.data(), x.data(), 16);
    CHECK(y[0] == 1);
    CHECK(y[1] == -1);
    CHECK(std::isnan(y[2]));
    CHECK((y[4] == 0 && std::signbit(y[4])));
  }
}
