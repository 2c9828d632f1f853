#include "games/step_pool.h"

#include <catch2/catch.hpp>

using namespace srwm::games;

TEST_CASE("every pass does every item once, whatever the number of threads") {
  for (const int threads : {0, 1, 3, 8}) {
    for (const int items : {1, 7, 64}) {
      CAPTURE(threads, items);
      std::vector<int> done(static_cast<std::size_t>(items)), given(done.size());
      StepPool pool(threads, items, [&](int i) {
        const auto at = static_cast<std::size_t>(i);
        done[at] += given[at];  // not atomic: the thread sanitizer sees whether two threads meet
      });
      for (int pass = 1; pass <= 200; ++pass) {
        for (int& value : given) value = pass;
        pool.start();
        pool.wait();
      }
      CHECK(done == std::vector<int>(done.size(), 200 * 201 / 2));
    }
  }
}

TEST_CASE("a pool can go while a pass is under way") {
  std::vector<int> done(1000);
  {
    StepPool pool(2, 1000, [&](int i) { ++done[static_cast<std::size_t>(i)]; });
    pool.start();
  }
  CHECK(done == std::vector<int>(1000, 1));
}
