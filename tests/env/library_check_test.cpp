// What srwm env check says of the example library, of one that offers little, and of ones that are broken in one way
// each.
#include "env/library_check.h"

#include <map>

#include <catch2/catch.hpp>

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

/// What failed, with what was seen.
std::map<std::string, std::string> with_outcome(const std::string& library, CheckOutcome outcome) {
  EnvRequest request;
  request.envs = 4;
  request.games = {"corridor"};
  std::map<std::string, std::string> found;
  for (const LibraryCheck& check : check_library(EnvLibrary::open(library), request, 100)) {
    CHECK(check.words.empty() == (check.outcome == CheckOutcome::passed));
    if (check.outcome == outcome) found[check.what] = check.words;
  }
  return found;
}

}  // namespace

TEST_CASE("the example keeps all its promises") {
  CHECK(with_outcome(SRWM_CORRIDOR, CheckOutcome::failed).empty());
  CHECK(with_outcome(SRWM_CORRIDOR, CheckOutcome::passed).size() == 8);
  const auto skipped = with_outcome(SRWM_CORRIDOR, CheckOutcome::skipped);
  CHECK(skipped.size() == 1);
  CHECK(skipped.contains("threads change nothing"));
}

TEST_CASE("what a library does not offer is skipped") {
  CHECK(with_outcome(SRWM_C_ENV, CheckOutcome::failed).empty());
  const auto skipped = with_outcome(SRWM_C_ENV, CheckOutcome::skipped);
  CHECK(skipped.size() == 4);
  CHECK_THAT(skipped.at("from a saved state everything goes on as it did"), Contains("cannot be resumed exactly"));
}

TEST_CASE("a broken promise is told with what was seen") {
  const auto failure = [](const char* fault) {
    const auto failed = with_outcome(std::string(SRWM_BROKEN_CORRIDOR) + fault + ".so", CheckOutcome::failed);
    REQUIRE(failed.size() >= 1);
    return failed;
  };
  CHECK_THAT(failure("1").at("only frames, rewards and first are written, and nothing beside them"),
             Contains("before or behind"));
  CHECK_THAT(failure("2").at("rewards are numbers, and first is 0 or 1"), Contains("After step 1 a reward is nan."));
  CHECK_THAT(failure("3").at("rewards are numbers, and first is 0 or 1"), Contains("After step 1 a first is 2."));
  CHECK_THAT(failure("4").at("the same seed plays the same games"), Contains("environment"));
  CHECK_THAT(failure("5").at("from a saved state everything goes on as it did"), Contains("has another frame."));
  CHECK_THAT(failure("6").at("a single level is the one asked for"), Contains("Asked for level 7 alone"));
  CHECK_THAT(failure("7").at("only frames, rewards and first are written, and nothing beside them"),
             Contains("The actions were changed."));
}
