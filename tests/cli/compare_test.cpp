// srwm compare, and the block at the end of --seeds, on runs of the binary itself.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"

using namespace srwm::test;
using Catch::Matchers::Contains;

TEST_CASE("several seeds end with their mean, and compare on the same test episodes", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  const RunResult seeds = train(folder.path(), "a", {"--seeds", "1,2"});
  REQUIRE(seeds.exit_code == 0);
  CHECK_THAT(seeds.out, Contains("Seed 2:") && Contains("accuracy, %") && Contains("95 % interval over seeds") &&
                            Contains("| small | 2 |"));
  CHECK_THAT(train(folder.path(), "a", {"--seeds", "1,2", "--resume"}).out, Contains("| small | 2 |"));
  CHECK_THAT(train(folder.path(), "c", {"--seeds", "1,2", "--set", "test.episodes=0"}).out,
             Contains("| validation accuracy, % |"));
  const RunResult untested =
      train(folder.path(), "d", {"--seeds", "1,2", "--set", "test.episodes=0", "--set", "validation.every=0"});
  CHECK(untested.exit_code == 0);
  CHECK_THAT(untested.out, !Contains("interval"));
  REQUIRE(train(folder.path(), "b", {"--seeds", "1,2", "--set", "model.core.layers=2"}).exit_code == 0);
  const auto in = [&](const char* run) { return (folder / run).string(); };
  const RunResult compared = run_srwm({"compare", in("a-s1"), in("a-s2"), in("b-s1"), in("b-s2"), "--format", "json"});
  REQUIRE(compared.exit_code == 0);
  const auto object = nlohmann::json::parse(compared.out);
  CHECK(object.at("keys") == nlohmann::json({"model.core.layers"}));
  CHECK(object.at("groups").at(0).at("label") == "layers=1");
  CHECK(object.at("groups").at(1).at("n") == 2);
  CHECK(object.at("curve_of") == "validation");
  CHECK(object.at("groups").at(0).at("area").is_number());
  const auto& difference = object.at("differences").at(0);
  CHECK(difference.at("episodes") == 20);
  CHECK(difference.at("over_episodes").at("p_value").is_number());
  CHECK(difference.at("over_seeds").at("half_width").is_number());
  for (const char* format : {"markdown", "csv", "latex"}) {
    const RunResult result = run_srwm({"compare", in("a-s1"), in("b-s1"), "--by", "model", "--format", format});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Contains("layers=2"));
  }
}
