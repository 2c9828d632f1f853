#include "run/side_by_side.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/error.h"

using namespace srwm;

namespace {

void ignore(std::size_t, const char*) {}

}  // namespace

TEST_CASE("every piece of work is done once, no more than asked at a time", "[side_by_side]") {
  std::vector<std::atomic<int>> calls(20);
  std::atomic<int> running = 0, most = 0;
  run_side_by_side(
      20, 3,
      [&](std::size_t i) {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        ++calls[i];
        --running;
      },
      ignore);
  for (const auto& count : calls) CHECK(count == 1);
  CHECK(most <= 3);
}

TEST_CASE("work that waits for each other can, when all of it may run at once", "[side_by_side]") {
  std::mutex mutex;
  std::condition_variable arrived;
  int waiting = 0;
  run_side_by_side(
      4, 4,
      [&](std::size_t) {
        std::unique_lock lock(mutex);
        ++waiting;
        arrived.notify_all();
        arrived.wait(lock, [&] { return waiting == 4; });
      },
      ignore);
  CHECK(waiting == 4);
}

TEST_CASE("an error does not end the others; the first real one is thrown, with all messages told", "[side_by_side]") {
  std::atomic<int> done = 0;
  std::vector<std::string> messages(5);
  const auto work = [&](std::size_t i) {
    if (i == 0) throw StoppedError("stopped");
    if (i == 2) throw DataError("broken file");
    if (i == 3) throw DeviceError("broken device");
    ++done;
  };
  const auto keep = [&](std::size_t i, const char* message) { messages[i] = message; };
  CHECK_THROWS_AS(run_side_by_side(5, 2, work, keep), DataError);
  CHECK(done == 2);
  CHECK(messages == std::vector<std::string>{"stopped", "", "broken file", "broken device", ""});
}

TEST_CASE("a stop is thrown when nothing worse has happened", "[side_by_side]") {
  const auto work = [](std::size_t i) {
    if (i == 1) throw StoppedError("stopped");
  };
  CHECK_THROWS_AS(run_side_by_side(3, 1, work, ignore), StoppedError);
}
