// Specs of reinforcement learning: read back, told apart from the others, refused with reasons.
#include "tasks/rl/rl_spec.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "spec/print.h"
#include "spec/spec_testing.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/task_table.h"

using namespace srwm;
using Catch::Matchers::Contains;
using srwm::testing::all_values;
using srwm::testing::random_rl_spec;
using srwm::testing::refusal;

namespace {

/// The refusal of a spec for signpost with one more key.
std::string problem(const std::string& rest, const std::vector<std::string>& overrides = {}) {
  return refusal(R"({"task": "rl", "name": "a", "env": {"games": ["signpost"]})" + rest + "}", overrides);
}

}  // namespace

TEST_CASE("random reinforcement-learning specs read back as they were") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    const RlSpec spec = random_rl_spec(seed);
    const std::string printed = to_json(spec);
    REQUIRE(refusal(printed) == "valid");
    const RlSpec again = parse_rl_spec_text(printed, "test.json");
    REQUIRE(all_values(again) == all_values(spec));
    REQUIRE(to_json(again) == printed);
  }
}

TEST_CASE("a spec is for one task, and says so where another is needed") {
  const char* rl = R"({"task": "rl", "name": "a", "env": {"games": ["signpost"]}})";
  CHECK(parse_any_spec_text(rl, "test.json")->task() == "rl");
  CHECK(parse_any_spec_text(R"({"name": "a"})", "test.json")->task() == "fewshot");
  for (const char* task : {"task=rl", R"(task="rl")"}) {
    const std::vector<std::string> overrides{task, R"(env.games=["signpost"])"};
    CHECK(parse_any_spec_text(R"({"name": "a"})", "test.json", overrides)->task() == "rl");
  }
  CHECK_THROWS_WITH(
      parse_spec_text(rl, "test.json"),
      "test.json is a spec with task \"rl\", which srwm train-rl takes; here one with task \"fewshot\" is "
      "needed.");
  CHECK_THROWS_WITH(parse_rl_spec_text(R"({"task": "fewshot", "name": "a"})", "test.json"),
                    Contains("which srwm train-fewshot takes"));
  CHECK_THAT(refusal(R"({"task": "r", "name": "a"})"), Contains("must be one of \"fewshot\", \"rl\""));
}

TEST_CASE("lists are read, and refused item by item") {
  const RlSpec spec = parse_rl_spec_text(
      R"({"task": "rl", "name": "a", "env": {"games": ["maze", "heist"], "actors": 4},
          "agent": {"channels": [8, 1e1]}})",
      "test.json", std::vector<std::string>{R"(test.first_levels=[5])"});
  CHECK(spec.env.games == std::vector<std::string>{"maze", "heist"});
  CHECK(spec.agent.channels == std::vector<std::int64_t>{8, 10});
  CHECK(spec.test.first_levels == std::vector<std::int64_t>{5});
  const std::string wanted = "agent.channels: must be a list of 1 to 8 integers from 1 to 4096; found a list";
  for (const char* bad : {"[]", "[0]", "[1.5]", "[\"8\"]", "[[8]]", "[8, {\"a\": 1}]", "[1,1,1,1,1,1,1,1,1]"}) {
    CHECK_THAT(problem(std::string(R"(, "agent": {"channels": )") + bad + "}"), Contains(wanted));
  }
  CHECK_THAT(problem("", {"env.games=[\"\"]"}), Contains("env.games: must be a list of at most 100 texts"));
}

TEST_CASE("keys that do not fit together") {
  CHECK(problem("") == "valid");
  CHECK_THAT(problem("", {"env.games=[]"}), Contains("env.games: names no game; 'srwm env list --library games'"));
  CHECK_THAT(problem("", {"env.games=[\"a\",\"b\",\"c\"]", "env.actors=4"}),
             Contains("env.actors: must be a multiple of 3"));
  CHECK_THAT(problem("", {"env.actors=5", "train.mode=overlapped"}),
             Contains("env.actors: must be a multiple of 2, so that each game has as many in either half"));
  CHECK_THAT(problem("", {"env.settings=[\"frame_size\"]"}),
             Contains("env.settings: \"frame_size\" is not NAME=VALUE"));
  CHECK_THAT(problem("", {"env.levels=0", "env.first_level=3"}), Contains("env.first_level: must be 0"));
  CHECK_THAT(problem("", {"agent.heads=3"}), Contains("agent.heads: must divide agent.hidden, which is 128"));
  CHECK_THAT(problem("", {"agent.core=lstm", "agent.heads=3"}), Contains("has a meaning only if agent.core has heads"));
  CHECK_THAT(problem("", {"test.episodes=30"}), Contains("test.episodes: must be a multiple of test.envs"));
  CHECK(problem(R"(, "test": {"episodes": 40, "envs": 20, "levels": 50})", {"test.episodes=0"}) == "valid");
  CHECK_THAT(problem("", {"figures.published=0.2"}), Contains("figures.source: is missing"));
}
