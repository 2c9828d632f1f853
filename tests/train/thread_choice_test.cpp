#include "train/thread_choice.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

namespace srwm {
namespace {

/// Runs the choice for so many seconds of a machine on which a step takes `seconds_per_step(threads)`; returns the
/// share of the time that each number of threads had.
template <typename SecondsPerStep>
std::map<int, double> shares(ThreadChoice& choice, double seconds, const SecondsPerStep& seconds_per_step) {
  std::map<int, double> share;
  for (double now = 0; now < seconds;) {
    const double step = seconds_per_step(choice.threads());
    share[choice.threads()] += step / seconds;
    choice.add_step(step);
    now += step;
  }
  return share;
}

/// The best number of threads is `best`; more are a little worse, fewer share the work.
auto machine(int best) {
  return [best](int threads) { return 0.01 / std::min(threads, best) * (threads > best ? 1.5 : 1.0); };
}

TEST_CASE("the number of threads that is fastest has nearly all of the time", "[threads]") {
  const int most = GENERATE(2, 6, 64), best = GENERATE(64, 8, 3, 1);
  ThreadChoice choice(most);
  shares(choice, 10, machine(best));
  int fastest = most;
  for (int threads = most / 2; threads > 0; threads /= 2) {
    if (machine(best)(threads) <= machine(best)(fastest)) fastest = threads;
  }
  CAPTURE(most, best, fastest);
  CHECK(shares(choice, 300, machine(best))[fastest] > 0.97);
}

TEST_CASE("a machine that changes is noticed within seconds", "[threads]") {
  ThreadChoice choice(8);
  CHECK(shares(choice, 100, machine(8))[8] > 0.95);
  shares(choice, 4, machine(1));
  CHECK(shares(choice, 20, machine(1))[1] > 0.9);
  // More speed than usual says nothing of other numbers: half a minute per rung.
  shares(choice, 150, machine(8));
  CHECK(shares(choice, 100, machine(8))[8] > 0.95);
}

TEST_CASE("with steps of many seconds tries are rare", "[threads]") {
  ThreadChoice choice(2);
  const auto slow = [](int threads) { return 20.0 / threads; };
  CHECK(shares(choice, 20000, slow)[2] > 0.97);
}

TEST_CASE("one thread stays one thread", "[threads]") {
  ThreadChoice choice(1);
  CHECK(shares(choice, 1, [](int) { return 0.01; })[1] > 0.99);
}

}  // namespace
}  // namespace srwm
