#include "train/trainer.h"

#include <functional>
#include <limits>
#include <sstream>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "rl/rl_fixture.h"
#include "support/same_model.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Its best return is 8: each of four steps gives the number of the action, 0 to 2.
RlSpec solvable_spec(CoreKind core) {
  RlSpec spec = small_rl_spec();
  spec.env.library = SRWM_FAKE_ENV;
  spec.env.games = {"works"};
  spec.env.settings = {};
  spec.env.levels = 0;
  spec.env.actors = 8;
  spec.agent.channels = {4};
  spec.agent.core = core;
  spec.optim.rate = 5e-3;
  spec.loss.reward_clip = 0;
  spec.train = {.steps = 100 * 8 * 8, .unroll = 8, .batch = 8, .report_every = 20};
  spec.checkpoint.every = 1000;
  spec.test = {.episodes = 2, .envs = 1};  // it takes no levels
  return spec;
}

nlohmann::json last_metrics(const std::filesystem::path& run) {
  const std::string lines = read_file(run / "metrics.jsonl");
  return nlohmann::json::parse(lines.substr(lines.rfind('\n', lines.size() - 2) + 1));
}

/// policy_lag of every report.
std::vector<double> lags(const std::filesystem::path& run) {
  std::vector<double> found;
  std::istringstream lines(read_file(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) found.push_back(nlohmann::json::parse(line).at("policy_lag"));
  return found;
}

}  // namespace

TEST_CASE("the same spec and seed give the same bits, whatever the number of threads", "[rl]") {
  TempDir folder;
  RlSpec spec = small_rl_spec();
  train(spec, folder.path() / "a", {.threads = 1});
  spec.env.threads = 2;
  train(spec, folder.path() / "b", {.threads = 3});
  check_same_model(folder.path() / "a", folder.path() / "b");
  CHECK(metrics_of(folder.path() / "a") == metrics_of(folder.path() / "b"));
  CHECK(metrics_of(folder.path() / "a").find("\"return_labyrinth\":") != std::string::npos);
}

TEST_CASE("a run that was cut off and resumed ends with the bits of one that was not", "[rl]") {
  const CarryKind carry = GENERATE(CarryKind::episode, CarryKind::unroll);
  TempDir folder;
  RlSpec spec = small_rl_spec();  // 6 actors and batches of 4: unrolls wait in the ring over a checkpoint
  spec.agent.carry = carry;
  train(spec, folder.path() / "whole", {.threads = 1});
  for (const int last : {2, 4, 8, 10}) train(spec, folder.path() / "pieces", {.threads = 1, .resume = true}, last);
  train(spec, folder.path() / "pieces", {.threads = 1, .resume = true});
  CHECK(read_file(folder.path() / "whole/checkpoints/latest.h5") ==
        read_file(folder.path() / "pieces/checkpoints/latest.h5"));
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
  CHECK(lags(folder.path() / "whole") == lags(folder.path() / "pieces"));
}

TEST_CASE("actors in two groups play for two passes, and resumed runs end with the same bits", "[rl]") {
  TempDir folder;
  RlSpec spec = small_rl_spec();
  spec.env.actors = 12;
  spec.train.accumulate = 2;
  spec.train.steps = 12 * spec.train.steps_per_update();
  train(spec, folder.path() / "whole", {.threads = 1});
  for (const int last : {2, 4, 10}) train(spec, folder.path() / "pieces", {.threads = 2, .resume = true}, last);
  train(spec, folder.path() / "pieces", {.threads = 1, .resume = true});
  CHECK(read_file(folder.path() / "whole/checkpoints/latest.h5") ==
        read_file(folder.path() / "pieces/checkpoints/latest.h5"));
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
  CHECK(last_metrics(folder.path() / "whole").at("step") == spec.train.steps);
}

TEST_CASE("validation on levels kept apart chooses the best agent", "[rl]") {
  TempDir folder;
  RlSpec spec = small_rl_spec();
  spec.validation = {.every = 4, .episodes = 2, .levels = 10};
  train(spec, folder.path() / "whole");
  CHECK_THAT(metrics_of(folder.path() / "whole"), Contains("\"kind\":\"validation\""));
  const auto result = nlohmann::json::parse(read_file(folder.path() / "whole/result.json"));
  const std::int64_t step = result.at("validation").at("step");
  CHECK(step % (4 * spec.train.steps_per_update()) == 0);
  const Checkpoint best = load_checkpoint(folder.path() / "whole/checkpoints/best.h5");
  CHECK(best.progress.step * spec.train.steps_per_update() == step);
  CHECK(best.progress.best_metric == result.at("validation").at("mean_return").get<double>());
  // The updates themselves are those of a run without validations.
  train(spec, folder.path() / "pieces", {}, 5);
  train(spec, folder.path() / "pieces", {.resume = true});
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
  RlSpec without = spec;
  without.validation.every = 0;
  train(without, folder.path() / "without");
  check_same_model(folder.path() / "whole", folder.path() / "without");
}

TEST_CASE("validation needs a library with levels", "[rl]") {
  TempDir folder;
  RlSpec spec = solvable_spec(CoreKind::feed_forward);
  spec.validation.every = 2;
  CHECK_THROWS_WITH(train(spec, folder.path() / "run"), Contains("validation.every is 2") && Contains("no levels"));
}

TEST_CASE("a stop writes a checkpoint and leaves as StoppedError", "[rl]") {
  TempDir folder;
  const RlSpec spec = small_rl_spec();
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.max_seconds = 1e-9}), StoppedError);
  train(spec, folder.path() / "run", {.resume = true});
  train(spec, folder.path() / "whole");
  CHECK(read_file(folder.path() / "run/checkpoints/latest.h5") ==
        read_file(folder.path() / "whole/checkpoints/latest.h5"));
}

TEST_CASE("an environment that is solved by hand is solved by every core", "[rl]") {
  const CoreKind core =
      GENERATE(CoreKind::feed_forward, CoreKind::lstm, CoreKind::delta_net, CoreKind::srwm, CoreKind::sr_delta);
  const RlMode mode = GENERATE(RlMode::synchronous, RlMode::overlapped);
  TempDir folder;
  RlSpec spec = solvable_spec(core);
  spec.train.mode = mode;
  INFO("core " << name_of(core) << ", " << name_of(mode));
  train(spec, folder.path() / "run");
  CHECK(last_metrics(folder.path() / "run").at("return_works") > 7.0);
  const auto result = nlohmann::json::parse(read_file(folder.path() / "run/result.json"));
  CHECK(result.at("train").at("works") == 8.0);
  CHECK(result.at("train").at("episodes") == 2);
  CHECK(result.at("splits") == std::vector<std::string>{"train"});
  for (const char* split : {"test", "test1", "train_levels"}) CHECK_FALSE(result.contains(split));
}

TEST_CASE("with a library that cannot save states new episodes begin, and the log says so", "[rl]") {
  TempDir folder;
  RlSpec spec = solvable_spec(CoreKind::srwm);
  spec.train.steps = 10 * 64;
  spec.checkpoint.every = 2;
  train(spec, folder.path() / "run", {}, 5);
  train(spec, folder.path() / "run", {.resume = true});
  CHECK_THAT(read_file(folder.path() / "run/log.txt"),
             Contains("new episodes begin") && Contains("Resuming at step 256"));
}

TEST_CASE("a library that saves no more than its own state resumes to the same bits", "[rl]") {
  TempDir folder;
  RlSpec spec = solvable_spec(CoreKind::srwm);
  spec.env.library = SRWM_FAKE_ENV_STATE;
  spec.train = {.steps = 10 * 6 * 8, .unroll = 6, .batch = 8, .report_every = 2};  // an update ends within an episode
  spec.checkpoint.every = 2;
  train(spec, folder.path() / "whole", {.threads = 1});
  for (const int last : {3, 5, 8}) train(spec, folder.path() / "pieces", {.threads = 1, .resume = true}, last);
  train(spec, folder.path() / "pieces", {.threads = 1, .resume = true});
  CHECK(read_file(folder.path() / "whole/checkpoints/latest.h5") ==
        read_file(folder.path() / "pieces/checkpoints/latest.h5"));
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
}

TEST_CASE("keys that cannot take effect with a library are refused, and what it lacks is said", "[rl]") {
  TempDir folder;
  const auto refusal = [&](const std::function<void(RlSpec&)>& change) -> std::string {
    RlSpec spec = solvable_spec(CoreKind::lstm);
    spec.train.steps = 64;
    change(spec);
    try {
      train(spec, folder.path() / "run", {.resume = true});
    } catch (const SpecError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK_THAT(refusal([](RlSpec& spec) { spec.env.levels = 10; }), Contains("env.levels has no effect"));
  CHECK_THAT(refusal([](RlSpec& spec) { spec.env.first_level = 3; }), Contains("env.first_level has no effect"));
  CHECK_THAT(refusal([](RlSpec& spec) { spec.env.threads = 2; }), Contains("env.threads has no effect"));
  CHECK_THAT(refusal([](RlSpec& spec) { spec.test.levels = 5; }), Contains("test.levels has no effect"));
  CHECK_THAT(refusal([](RlSpec& spec) { spec.test.first_levels = {7}; }), Contains("test.first_levels has no effect"));
  CHECK(refusal([](RlSpec&) {}) == "accepted");
  CHECK_THAT(read_file(folder.path() / "run/log.txt"),
             Contains("warning: ") && Contains("takes no seed and no levels"));
  RlSpec games = small_rl_spec();
  train(games, folder.path() / "games", {});
  CHECK_THAT(read_file(folder.path() / "games/log.txt"), !Contains("takes no"));
}

TEST_CASE("overlapped playing reports its lag, and can be stopped and resumed", "[rl]") {
  TempDir folder;
  RlSpec spec = small_rl_spec();
  spec.env.actors = 8;
  spec.train.mode = RlMode::overlapped;
  train(spec, folder.path() / "run", {}, 7);
  train(spec, folder.path() / "run", {.resume = true});
  const nlohmann::json line = last_metrics(folder.path() / "run");
  CHECK(line.at("policy_lag") >= 0.0);
  CHECK(line.at("policy_lag") <= 8.0);  // three groups of either side, and the two that are being played
  CHECK_THAT(read_file(folder.path() / "run/log.txt"), Contains("train.mode is \"overlapped\""));
}

TEST_CASE("a run is not resumed with another spec, and the message names the key", "[rl]") {
  TempDir folder;
  RlSpec spec = small_rl_spec();
  train(spec, folder.path() / "run", {}, 4);
  spec.loss.discount = 0.5;
  CHECK_THROWS_WITH(train(spec, folder.path() / "run", {.resume = true}), Contains("loss.discount") && Contains("0.5"));
}

TEST_CASE("a number that is not finite names the update and the first bad tensor", "[rl]") {
  TempDir folder;
  const RlSpec spec = small_rl_spec();
  train(spec, folder.path() / "run", {}, 4);
  const std::filesystem::path latest = folder.path() / "run/checkpoints/latest.h5";
  Checkpoint checkpoint = load_checkpoint(latest);
  std::ranges::fill(checkpoint.model.front().tensor.span<float>(), 3e38f);
  save_checkpoint(latest, checkpoint);
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.resume = true}), NotFiniteError);
  CHECK_THROWS_WITH(train(spec, folder.path() / "run", {.resume = true}),
                    Contains("Update 4") && Contains("the first bad tensor is output 0 of") && Contains("latest.h5"));
}
