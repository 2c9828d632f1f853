// srwm train-rl and srwm eval on agents, as a user runs them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "run/checkpoint.h"
#include "support/same_model.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Contains;

namespace {

/// Writes a small spec and says where it is.
std::string spec_of(const TempDir& folder) {
  write_text(folder / "agent.json", R"({"task": "rl", "name": "agent",
    "env": {"games": ["signpost"], "settings": ["frame_size=16"], "actors": 4},
    "agent": {"channels": [4], "features": 8, "layers": 1, "heads": 2, "hidden": 8, "ff_inner": 8},
    "train": {"steps": 160, "unroll": 5, "batch": 4, "report_every": 2},
    "checkpoint": {"every": 3},
    "test": {"episodes": 2, "envs": 2, "first_levels": [1000]}})");
  return (folder / "agent.json").string();
}

/// `srwm train-rl` on it in folder/<run>, with --set for each of `settings`.
RunResult train_rl(const TempDir& folder, const std::string& run, const std::vector<std::string>& settings,
                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"train-rl", "--config",  spec_of(folder),        "--threads",
                                     "1",        "--run-dir", (folder / run).string()};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_srwm(arguments, {.folder = folder.path(), .environment = {{"SRWM_DATA", ""}}});
}

}  // namespace

TEST_CASE("train-rl leaves a complete run, which eval plays", "[cli]") {
  const TempDir folder;
  const RunResult trained = train_rl(folder, "run", {});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK_THAT(trained.out, Contains("Done:") && Contains("test1") && Contains("steps/s"));
  const auto result = nlohmann::json::parse(read_file(folder / "run/result.json"));
  CHECK(result.at("steps") == 160);
  CHECK(result.at("spec").at("env").at("games").at(0) == "signpost");
  CHECK(result.at("train").at("episodes") == 2);
  CHECK(result.contains("commit"));
  CHECK(std::filesystem::exists(folder / "run/DONE"));

  const std::string run = (folder / "run").string(), films = (folder / "films").string();
  const RunResult played = run_srwm({"eval", "--run", run, "--split", "test1", "--json", "--video", films});
  INFO(played.err);
  REQUIRE(played.exit_code == 0);
  const auto scores = nlohmann::json::parse(played.out);
  CHECK(scores.at("test1").at("signpost") == result.at("test1").at("signpost"));
  CHECK(scores.at("test1").contains("normalised_paper"));
  CHECK(std::filesystem::exists(folder / "films/test1/signpost/00000.png"));
  CHECK_THAT(run_srwm({"eval", "--run", run}).out, Contains("mean return") && Contains("signpost"));
  for (const char* name : {"train", "levels", "train_levels", "training levels"}) {  // as it was called before
    const RunResult on_train = run_srwm({"eval", "--run", run, "--split", name, "--json"});
    CAPTURE(name);
    REQUIRE(on_train.exit_code == 0);
    CHECK(nlohmann::json::parse(on_train.out).at("train").at("signpost") == result.at("train").at("signpost"));
  }
  CHECK_THAT(run_srwm({"eval", "--run", run, "--split", "tests"}).err,
             Contains("the splits of this run are train, test1."));
  CHECK_THAT(train_rl(folder, "run", {}, {"--resume"}).out, Contains("This run is complete:"));
}

TEST_CASE("train-rl --dry-run describes the agent and writes nothing", "[cli]") {
  const TempDir folder;
  const std::string mode = GENERATE("synchronous", "overlapped");
  const RunResult dry =
      train_rl(folder, "run", {"env.actors=8", "train.unroll=50", "train.mode=" + mode}, {"--dry-run"});
  CHECK(dry.exit_code == 0);
  CHECK_THAT(dry.out, Contains("parameters") && Contains("16x16x3, 5 actions") && Contains("4 unrolls of 50 steps"));
  CHECK_THAT(dry.out, Contains("ms for its data") && !Contains(" 0 ms for its data"));
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_CASE("train-rl stops after a checkpoint and goes on to the same bits", "[cli]") {
  const TempDir folder;
  CHECK(train_rl(folder, "stopped", {}, {"--max-seconds", "1e-9"}).exit_code == 75);
  CHECK(train_rl(folder, "stopped", {}, {"--resume"}).exit_code == 0);
  CHECK(train_rl(folder, "whole", {}).exit_code == 0);
  CHECK(read_file(folder / "stopped/checkpoints/latest.h5") == read_file(folder / "whole/checkpoints/latest.h5"));
  CHECK(metrics_of(folder / "stopped") == metrics_of(folder / "whole"));
}

TEST_CASE("what is wrong with the environments is one sentence, and leaves no folder", "[cli]") {
  const TempDir folder;
  const auto refused = [&](const std::vector<std::string>& settings, int code, const std::string& words) {
    const RunResult result = train_rl(folder, "run", settings);
    INFO(result.err);
    CHECK(result.exit_code == code);
    CHECK_THAT(result.err, Contains(words));
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
  };
  refused({"env.library=nothing.so"}, 3, "There is no library of environments");
  refused({"env.library=procgen"}, 3, "ProcGen was not found");
  refused({"env.games=[\"signpots\"]"}, 2, "Did you mean signpost?");
  refused({"env.settings=[\"frame_sise=16\"]"}, 2, "Did you mean frame_size?");
  refused({"env.mode=extreme"}, 2, "must be one of");
  const std::string fake = std::string("env.library=") + SRWM_FAKE_ENV, none = "env.settings=[]";
  refused({fake, none, "env.games=[\"exit in make\"]"}, 4, "ended the process by itself (it called exit) while making");
  refused({fake, none, "env.games=[\"float frames\"]"}, 4, "it must be a picture");
}

TEST_CASE("a library that calls exit while an agent plays is named in the last line", "[cli]") {
  const TempDir folder;
  const std::string mode = GENERATE("synchronous", "overlapped");
  const RunResult result = train_rl(folder, "run",
                                    {std::string("env.library=") + SRWM_FAKE_ENV, "env.settings=[]",
                                     "env.games=[\"exit in act\"]", "test.first_levels=null", "train.mode=" + mode});
  CHECK(result.exit_code == 4);
  CHECK_THAT(result.err, Contains("ended the process by itself (it called exit) while stepping") &&
                             Contains("with the options env_name=exit in act."));
}

TEST_CASE("train-rl trains several seeds, validates, and says at the end what was expected", "[cli]") {
  const TempDir folder;
  const RunResult seeds = train_rl(
      folder, "run", {"validation.every=2", "validation.episodes=2", "figures.expected=0.25"}, {"--seeds", "1-2"});
  CHECK(seeds.exit_code == 0);
  CHECK_THAT(seeds.out, Contains("Seed 2:") && Contains("expected    normalized 0.250") && Contains("validation"));
  for (const char* run : {"run-s1", "run-s2"}) CHECK(std::filesystem::exists(folder / run / "checkpoints/best.h5"));
  CHECK(train_rl(folder, "alone", {"validation.every=2", "validation.episodes=2", "seed=2"}).exit_code == 0);
  check_same_model(folder / "run-s2", folder / "alone");
}

TEST_CASE("a checkpoint of an agent without the state of its run is not resumed", "[cli]") {
  const TempDir folder;
  REQUIRE(train_rl(folder, "run", {}, {"--max-seconds", "1e-9"}).exit_code == 75);
  const std::filesystem::path latest = folder / "run/checkpoints/latest.h5";
  Checkpoint converted = load_checkpoint(latest);
  converted.progress.counters.clear();
  converted.progress.reals.clear();
  save_checkpoint(latest, converted);
  const RunResult result = train_rl(folder, "run", {}, {"--resume"});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("but not the state of a training run") && Contains("--init-from"));
}

TEST_CASE("steps and training of an agent are measured", "[cli]") {
  const TempDir folder;
  const RunResult result = run_srwm({"bench", "--suite", "step", "--suite", "train", "--config", spec_of(folder),
                                     "--seconds", "0.05", "--json", "--threads", "1"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("\"training step\"") && Contains("training, reports every") && Contains("steps"));
}

TEST_CASE("train takes the specs of every task", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  for (const std::string& spec : {spec_of(folder), (folder / "small.json").string()}) {
    const RunResult result = run_srwm({"train", "--config", spec, "--dry-run"});
    INFO(result.err);
    CHECK(result.exit_code == 0);
  }
}

TEST_CASE("a spec is for one of the two commands", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  const RunResult result = run_srwm({"train-rl", "--config", (folder / "small.json").string()});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("which srwm train-fewshot takes"));
}
