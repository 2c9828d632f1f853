// What goes wrong on one rank ends all of them, with the words of a single rank.
#include <limits>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "ranks/rank_runs.h"
#include "support/run_files.h"
#include "support/temp_dir.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<AnySpec> fewshot() {
  return rank_cases().front().spec();
}

void spoil_parameter(Task& task, float value) {
  task.parameters().parameters().front().value.data<float>()[0] = value;
}

}  // namespace

TEST_CASE("numbers that are not finite on one rank are found there and end the run", "[ranks]") {
  TempDir folder;
  const auto train = [&] {
    train_on_ranks(*fewshot(), folder.path() / "run", {.ranks = 3, .spoil = [](int rank, Task& task) {
                                                         if (rank == 2) {
                                                           spoil_parameter(task,
                                                                           std::numeric_limits<float>::quiet_NaN());
                                                         }
                                                       }});
  };
  CHECK_THROWS_AS(train(), NotFiniteError);
  CHECK_THROWS_WITH(train(), Contains("Step 1: the loss is not finite; the first bad tensor is the parameter"));
}

TEST_CASE("a rank that computes something else is found at the next checkpoint", "[ranks]") {
  TempDir folder;
  const auto train = [&] {
    train_on_ranks(*fewshot(), folder.path() / "run", {.ranks = 3, .spoil = [](int rank, Task& task) {
                                                         if (rank == 1) spoil_parameter(task, 0.25f);
                                                       }});
  };
  CHECK_THROWS_AS(train(), DeviceError);
  CHECK_THROWS_WITH(train(), Contains("After step 3 the model of rank 1 on"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run/checkpoints/latest.h5"));
}

TEST_CASE("the error of one rank ends the others", "[ranks]") {
  TempDir folder;
  const auto train = [&] {
    train_on_ranks(*fewshot(), folder.path() / "run", {.ranks = 4, .spoil = [](int rank, Task&) {
                                                         if (rank == 3) throw DataError("Its disk is gone.");
                                                       }});
  };
  CHECK_THROWS_AS(train(), DataError);
  train_on_ranks(*fewshot(), folder.path() / "run", {.ranks = 2});  // nothing was written that could not be resumed
  CHECK_FALSE(read_file(folder.path() / "run/result.json").empty());
}
