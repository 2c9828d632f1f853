#include "comm/thread_ranks.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/core.h>

#include "core/error.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

/// Catch2's assertions are for one thread at a time: ranks collect what is wrong.
class Faults {
 public:
  void check(bool is_good) { count_ += is_good ? 0 : 1; }
  int count() const { return count_; }

 private:
  std::atomic<int> count_ = 0;
};

std::string name_of_rank(int rank) {
  return std::string(static_cast<std::size_t>(rank), 'x') + std::to_string(rank);  // of different sizes
}

/// Different ranks come late in different rounds.
void come_late(const Ranks& ranks, int round) {
  if (ranks.rank() == round % ranks.size()) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

}  // namespace

TEST_CASE("everybody gets what everybody gave, by rank", "[comm]") {
  for (const int size : {1, 2, 3, 5, 8}) {
    Faults faults;
    run_thread_ranks(size, [&](Ranks& ranks) {
      for (int round = 0; round < 50; ++round) {
        come_late(ranks, round);
        const std::vector<Bytes> all = ranks.all_gather(to_bytes(name_of_rank(ranks.rank())));
        faults.check(std::ssize(all) == size);
        for (int r = 0; r < size; ++r) faults.check(to_text(all[static_cast<std::size_t>(r)]) == name_of_rank(r));
      }
    });
    INFO(size);
    CHECK(faults.count() == 0);
  }
}

TEST_CASE("only rank 0 gets what is gathered, and everybody what rank 0 spreads", "[comm]") {
  for (const int size : {1, 2, 3, 4, 7}) {
    Faults faults;
    run_thread_ranks(size, [&](Ranks& ranks) {
      for (int round = 0; round < 50; ++round) {
        come_late(ranks, round);
        const std::vector<Bytes> all = ranks.gather(to_bytes(name_of_rank(ranks.rank())));
        faults.check(std::ssize(all) == (ranks.is_first() ? size : 0));
        for (std::size_t r = 0; r < all.size(); ++r) {
          faults.check(to_text(all[r]) == name_of_rank(static_cast<int>(r)));
        }
        Bytes text = to_bytes(fmt::format("round {} of rank {}", round, ranks.rank()));
        ranks.broadcast(text);
        faults.check(to_text(text) == fmt::format("round {} of rank 0", round));
      }
    });
    INFO(size);
    CHECK(faults.count() == 0);
  }
}

TEST_CASE("an exchange sends each rank its own bytes", "[comm]") {
  constexpr int size = 4;
  constexpr std::size_t bytes = 100'000;
  Faults faults;
  const auto value = [](int from, int to) { return static_cast<std::byte>(16 * from + to); };
  run_thread_ranks(size, [&](Ranks& ranks) {
    std::vector<Bytes> out(size), in(size, Bytes(bytes));
    std::vector<std::span<const std::byte>> sends(size);
    std::vector<std::span<std::byte>> receives(size);
    for (int r = 0; r < size; ++r) {
      const auto at = static_cast<std::size_t>(r);
      out[at].assign(bytes, value(ranks.rank(), r));
      sends[at] = out[at];
      receives[at] = in[at];
    }
    for (int round = 0; round < 20; ++round) ranks.exchange(sends, receives);
    for (int r = 0; r < size; ++r) {
      const Bytes expected(bytes, r == ranks.rank() ? std::byte{0} : value(r, ranks.rank()));
      faults.check(in[static_cast<std::size_t>(r)] == expected);
    }
  });
  CHECK(faults.count() == 0);
}

TEST_CASE("nobody passes a barrier before all have come", "[comm]") {
  std::atomic<int> arrived = 0;
  Faults faults;
  run_thread_ranks(5, [&](Ranks& ranks) {
    for (int round = 1; round <= 20; ++round) {
      ++arrived;
      ranks.barrier();
      faults.check(arrived >= 5 * round);
      ranks.barrier();
    }
  });
  CHECK(faults.count() == 0);
}

TEST_CASE("the error of a rank ends the others and leaves as it is", "[comm]") {
  for (const int bad : {0, 1, 3}) {
    std::atomic<int> told = 0;
    const auto work = [&](Ranks& ranks) {
      try {
        for (int round = 0;; ++round) {
          if (ranks.rank() == bad && round == 5) throw DataError("The file of rank {} is gone.", bad);
          const Bytes much(50'000, static_cast<std::byte>(round));
          ranks.all_gather(much);
        }
      } catch (const RankError& error) {
        if (std::string(error.what()).find(fmt::format("Rank {} has ended", bad)) != std::string::npos) ++told;
        throw;
      }
    };
    CHECK_THROWS_WITH(run_thread_ranks(4, work), Contains(fmt::format("The file of rank {} is gone.", bad)));
    CHECK_THROWS_AS(run_thread_ranks(4, work), DataError);
    CHECK(told == 6);
  }
}

TEST_CASE("a rank that returns too early is missed", "[comm]") {
  const auto work = [](Ranks& ranks) {
    ranks.barrier();
    if (ranks.rank() != 2) ranks.barrier();
  };
  CHECK_THROWS_AS(run_thread_ranks(3, work), RankError);
  CHECK_THROWS_WITH(run_thread_ranks(3, work), Contains("has ended while others wait for it"));
}

TEST_CASE("a single rank exchanges with nobody", "[comm]") {
  Ranks& alone = no_other_ranks();
  CHECK(alone.is_alone());
  CHECK(alone.is_first());
  CHECK(alone.engine() == "none");
  Bytes text = to_bytes("unchanged");
  alone.broadcast(text);
  alone.barrier();
  CHECK(to_text(text) == "unchanged");
  CHECK(alone.all_gather(text) == std::vector<Bytes>{text});
  CHECK(alone.gather(text) == std::vector<Bytes>{text});
}
