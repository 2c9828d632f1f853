#include "data/random_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

TEST_CASE("a random order holds each number once, then again in another order", "[random_order]") {
  for (const std::int64_t count : {1, 2, 3, 15, 16, 17, 20, 1000, 60000}) {
    CAPTURE(count);
    const RandomOrder order({1, 2}, count);
    std::vector<std::int64_t> first, second, expected(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      first.push_back(order.at(i));
      second.push_back(order.at(count + i));
    }
    CHECK((count < 10 || first != second));
    std::ranges::sort(first);
    std::ranges::sort(second);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(first == expected);
    CHECK(second == expected);
  }
}

TEST_CASE("all orders of a few numbers are about equally likely", "[random_order]") {
  constexpr int draws = 24000;
  std::map<std::vector<std::int64_t>, int> seen;
  for (std::uint32_t key = 0; key < draws; ++key) {
    const RandomOrder order({key, 7}, 4);
    ++seen[{order.at(0), order.at(1), order.at(2), order.at(3)}];
  }
  REQUIRE(seen.size() == 24);
  double chi_square = 0;
  for (const auto& [order, count] : seen) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square <= 49.7);  // 23 degrees of freedom: exceeded once in 1,000
}

TEST_CASE("pairs of neighbors in a larger order are about equally likely", "[random_order]") {
  constexpr std::int64_t count = 20;
  constexpr int draws = 38000;
  std::map<std::pair<std::int64_t, std::int64_t>, int> seen;
  for (std::uint32_t key = 0; key < draws; ++key) {
    const RandomOrder order({3, key}, count);
    ++seen[{order.at(8), order.at(9)}];
  }
  REQUIRE(seen.size() == 380);
  double chi_square = 0;
  for (const auto& [pair, found] : seen) chi_square += (found - 100.0) * (found - 100.0) / 100.0;
  CHECK(chi_square <= 469.8);  // 379 degrees of freedom: exceeded once in 1,000
}
