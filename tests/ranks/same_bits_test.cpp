// The bits of a run do not depend on the number of its ranks.
#include <catch2/catch.hpp>

#include "ranks/rank_runs.h"
#include "support/run_files.h"
#include "support/temp_dir.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("a run has the same bits on any number of ranks", "[ranks]") {
  const RankCase& kind = GENERATE(from_range(rank_cases()));
  INFO(kind.name);
  TempDir folder;
  const std::unique_ptr<AnySpec> spec = kind.spec();
  train_on_ranks(*spec, folder.path() / "one", {.ranks = 1});
  REQUIRE_FALSE(read_file(folder.path() / "one/result.json").empty());
  for (const int ranks : {2, 3, 4}) {
    INFO(ranks << " ranks");
    const std::filesystem::path many = folder.path() / std::to_string(ranks);
    train_on_ranks(*spec, many, {.ranks = ranks});
    CHECK(differences_of_runs(folder.path() / "one", many).empty());
  }
}

TEST_CASE("a run that was cut off goes on with the same bits on another number of ranks", "[ranks]") {
  const RankCase& kind = GENERATE(from_range(rank_cases()));
  INFO(kind.name);
  TempDir folder;
  const std::unique_ptr<AnySpec> spec = kind.spec();
  train_on_ranks(*spec, folder.path() / "whole", {.ranks = 1});
  const std::filesystem::path pieces = folder.path() / "pieces";
  train_on_ranks(*spec, pieces, {.ranks = 3, .last = 4});
  train_on_ranks(*spec, pieces, {.ranks = 1, .last = 7});
  train_on_ranks(*spec, pieces, {.ranks = 4, .last = 10});
  train_on_ranks(*spec, pieces, {.ranks = 2});
  CHECK(differences_of_runs(folder.path() / "whole", pieces).empty());
}
