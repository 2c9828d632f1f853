#include <vector>

#include <catch2/catch.hpp>

#include "ops/cpu/simd_level.h"
#include "ops/simd_probe.h"
#include "support/simd_levels.h"

using namespace srwm;
using namespace srwm::cpu;

TEST_CASE("each level has its own vector width and the same results") {
  for (const SimdLevel level : test::simd_levels_here()) {
    const SimdProbe& probe = simd_probe(level);
    INFO("level " << name_of(level));
    CHECK(probe.lanes == (level == SimdLevel::v4 ? 16 : level == SimdLevel::v3 ? 8 : 4));
    for (const int n : {1, 3, 4, 5, 8, 15, 16, 17, 33}) {
      std::vector<float> a, b, c;
      for (int i = 0; i < n; ++i) {
        a.push_back(static_cast<float>(i));
        b.push_back(2.0f);
        c.push_back(static_cast<float>(-3 * i + 2));
      }
      std::vector<float> y(a.size() + 1, 77.0f);
      probe.positive_fma(y.data(), a.data(), b.data(), c.data(), n);
      for (int i = 0; i < n; ++i) CHECK(y[static_cast<std::size_t>(i)] == (i < 2 ? static_cast<float>(2 - i) : -1.0f));
      CHECK(y.back() == 77.0f);
      probe.copy(y.data(), a.data(), n);
      CHECK(std::vector<float>(y.begin(), y.end() - 1) == a);
      CHECK(y.back() == 77.0f);
      CHECK(probe.sum(a.data(), n) == static_cast<float>(n * (n - 1) / 2));
    }
  }
}
