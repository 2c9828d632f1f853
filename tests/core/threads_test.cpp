#include "core/threads.h"

#include <atomic>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/parallel.h"

using namespace srwm;
using Catch::Matchers::Contains;

TEST_CASE("sizes of stacks are read as libgomp reads them") {
  CHECK(omp_stack_bytes("512") == 512 << 10);
  CHECK(omp_stack_bytes("3000500B") == 3000500);
  CHECK(omp_stack_bytes(" 8 m ") == 8 << 20);
  CHECK(omp_stack_bytes("2G") == std::size_t{2} << 30);
  for (const char* text : {"", "x", "-1", "8mb", "8 x", "99999999999999999999", "99999999999999G"}) {
    CHECK(omp_stack_bytes(text) == 0);
  }
}

TEST_CASE("a thread that is started does its work") {
  std::atomic<int> done = 0;
  start_thread([&] { done = 1; }).join();
  CHECK(done == 1);
}

#if !defined __SANITIZE_THREAD__ && !defined __SANITIZE_ADDRESS__  // which have limits of their own
TEST_CASE("a team that cannot be started is refused before OpenMP tries, and one that can is not") {
  ::setenv("OMP_STACKSIZE", "100000G", 1);
  std::atomic<int> done = 0;
  start_thread([&] {  // a thread of its own: what others have proven does not count
    CHECK_THROWS_WITH(parallel_for(2, 2, [&](std::int64_t) { ++done; }),
                      Contains("does not start 2 threads") && Contains("unset OMP_STACKSIZE (now '100000G')"));
  })
      .join();
  ::unsetenv("OMP_STACKSIZE");
  CHECK(done == 0);
  start_thread([&] { parallel_for(3, 3, [&](std::int64_t) { ++done; }); }).join();
  CHECK(done == 3);
}
#endif
