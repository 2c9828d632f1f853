#include "core/arena.h"

#include <cstdint>

#include <catch2/catch.hpp>

using namespace srwm;

TEST_CASE("an arena gives the same addresses after a rewind", "[arena]") {
  Arena arena(host_blocks(), 1024);
  void* first = arena.allocate(100);
  void* second = arena.allocate(2000);  // larger than a block
  void* third = arena.allocate(1);
  CHECK(reinterpret_cast<std::uintptr_t>(second) % 64 == 0);
  const std::size_t reserved = arena.reserved();
  for (int step = 0; step < 3; ++step) {
    arena.rewind();
    CHECK(arena.allocate(100) == first);
    CHECK(arena.allocate(2000) == second);
    CHECK(arena.allocate(1) == third);
    CHECK(arena.reserved() == reserved);
  }
}

TEST_CASE("rewinding to a mark keeps what came before", "[arena]") {
  Arena arena(host_blocks(), 1024);
  arena.allocate(64);
  const Arena::Mark mark = arena.mark();
  void* inner = arena.allocate(64);
  arena.rewind(mark);
  CHECK(arena.allocate(64) == inner);
  CHECK(arena.peak() == 128);
}
