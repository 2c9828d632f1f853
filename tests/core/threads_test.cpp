#include "core/threads.h"

#include <atomic>

#include <catch2/catch.hpp>

using namespace srwm;

TEST_CASE("a thread that is started does its work") {
  std::atomic<int> done = 0;
  start_thread([&] { done = 1; }).join();
  CHECK(done == 1);
}
