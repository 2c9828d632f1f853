#include "core/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include <catch2/catch.hpp>

using namespace srwm;

TEST_CASE("Philox4x32-10 gives the Random123 known answers", "[rng]") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Philox4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t f = 0xffffffff;
  CHECK(philox4x32({f, f, f, f}, {f, f}) == Philox4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Philox4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("streams, steps and seeds do not share numbers", "[rng]") {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed : {1, 2}) {
    for (Stream stream : {Stream::init, Stream::dropout}) {
      for (std::uint32_t step : {0, 1}) first.insert(RandomSequence(seed, stream, step).next_u64());
    }
  }
  CHECK(first.size() == 8);
}

TEST_CASE("below is uniform and in range", "[rng]") {
  RandomSequence random(7, Stream::init, 0);
  std::array<int, 5> counts{};
  constexpr int n = 50000;
  for (int i = 0; i < n; ++i) ++counts.at(random.below(5));
  for (int count : counts) CHECK(std::abs(count - n / 5) < 5 * std::sqrt(n * 0.16));
}

TEST_CASE("normal has mean 0 and variance 1", "[rng]") {
  RandomSequence random(7, Stream::init, 0);
  constexpr int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double z = random.normal();
    sum += z;
    squares += z * z;
  }
  CHECK(std::abs(sum / n) < 5 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2.0 / n));
}

TEST_CASE("shuffle permutes", "[rng]") {
  RandomSequence random(7, Stream::init, 0);
  std::array<int, 20> values;
  std::iota(values.begin(), values.end(), 0);
  random.shuffle(values.begin(), values.end());
  CHECK(std::set<int>(values.begin(), values.end()).size() == 20);
  CHECK(!std::is_sorted(values.begin(), values.end()));
}
