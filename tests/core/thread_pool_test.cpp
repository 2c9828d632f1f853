#include "core/thread_pool.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "core/clock.h"
#include "core/parallel.h"

namespace srwm {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a parallel loop calls its body once for each index", "[thread_pool]") {
  const int threads = GENERATE(1, 2, 3, 7, 70);
  const std::int64_t n = GENERATE(0, 1, 2, 15, 64, 65, 1000);
  std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
  parallel_for(threads, n, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
  for (const std::atomic<int>& count : calls) CHECK(count == 1);
}

TEST_CASE("the pieces of a range are disjoint and together the range", "[thread_pool]") {
  const int threads = GENERATE(1, 2, 5);
  const std::int64_t n = GENERATE(0, 1, 10, 1001), grain = GENERATE(1, 7, 2000);
  std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
  parallel_ranges(threads, n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++calls[static_cast<std::size_t>(i)];
  });
  for (const std::atomic<int>& count : calls) CHECK(count == 1);
}

TEST_CASE("the members of a loop have different numbers below its team", "[thread_pool]") {
  constexpr int team = 4;
  std::vector<std::atomic<int>> inside(team);
  std::atomic<int> clashes = 0, outside = 0;
  for (int round = 0; round < 50; ++round) {
    parallel_for(team, 64, [&](std::int64_t) {
      const int number = pool::thread_number();
      if (number < 0 || number >= team) {
        ++outside;
        return;
      }
      if (inside[static_cast<std::size_t>(number)].fetch_add(1) != 0) ++clashes;
      std::this_thread::sleep_for(10us);
      --inside[static_cast<std::size_t>(number)];
    });
  }
  CHECK(clashes == 0);
  CHECK(outside == 0);
  CHECK(pool::thread_number() == 0);
}

TEST_CASE("a loop inside a loop runs on its own thread", "[thread_pool]") {
  std::atomic<std::int64_t> sum = 0, strangers = 0;
  parallel_for(3, 20, [&](std::int64_t i) {
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(3, 10, [&](std::int64_t j) {
      if (std::this_thread::get_id() != here) ++strangers;
      sum += i * j;
    });
  });
  CHECK(sum == 190 * 45);
  CHECK(strangers == 0);
}

TEST_CASE("several threads share the pool", "[thread_pool]") {
  constexpr int callers = 4;
  std::vector<std::int64_t> sums(callers);
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&sums, caller] {
      for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> squares(33);
        parallel_for(3, 33, [&](std::int64_t i) { squares[static_cast<std::size_t>(i)] = i * i; });
        sums[static_cast<std::size_t>(caller)] += std::accumulate(squares.begin(), squares.end(), std::int64_t{0});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::int64_t sum : sums) CHECK(sum == 200 * 11440);
}

TEST_CASE("a thread that is late holds what it took, not its share", "[thread_pool]") {
  std::atomic<std::int64_t> done = 0, done_meanwhile = 0;
  parallel_for(2, 100, [&](std::int64_t i) {
    // The second share begins at 50 and is taken in ranges of six: 94 others do not have to wait for the first of them.
    const Clock::time_point start = Clock::now();
    while (i == 50 && done < 94 && seconds_since(start) < 20) std::this_thread::sleep_for(1ms);
    if (i == 50) done_meanwhile = done.load();
    ++done;
  });
  CHECK(done == 100);
  CHECK(done_meanwhile == 94);
}

TEST_CASE("threads that wait take no processor time", "[thread_pool]") {
  parallel_for(2, 2, [](std::int64_t) {});
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(200ms);
  CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.05);
}

}  // namespace
}  // namespace srwm
