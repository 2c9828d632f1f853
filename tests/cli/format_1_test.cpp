// Checkpoints of format 1 (tests/run/format_1, written by srwm 825abac) are read wherever those of today are.
#include <cmath>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "run/checkpoint.h"
#include "support/same_model.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

const std::filesystem::path stored = SRWM_FORMAT_1;

/// The spec that a checkpoint holds, written to folder/<name>.json.
std::string spec_of(const TempDir& folder, const std::string& name) {
  const std::filesystem::path path = folder / (name + ".json");
  write_text(path, load_checkpoint(stored / (name + ".h5")).spec_json);
  return path.string();
}

/// Resumes the run whose checkpoint is stored as <name>.h5, in folder/<name>.
RunResult resume(const TempDir& folder, const std::string& command, const std::string& name) {
  std::filesystem::create_directories(folder / name / "checkpoints");
  for (const char* file : {"latest.h5", "best.h5"}) {
    std::filesystem::copy_file(stored / (name + ".h5"), folder / name / "checkpoints" / file);
  }
  return run_srwm({command, "--config", spec_of(folder, name), "--run-dir", (folder / name).string(), "--resume",
                   "--threads", "1", "--device", "cpu"},
                  {.folder = folder.path()});
}

/// Both are of the same step, and every tensor and number of the same value but for rounding: another processor may
/// round otherwise than the one that wrote the file.
void check_same_end(const std::filesystem::path& found_path, const std::filesystem::path& expected_path) {
  const Checkpoint found = load_checkpoint(found_path), expected = load_checkpoint(expected_path);
  CHECK(found.progress.step == expected.progress.step);
  CHECK(found.progress.best_step == expected.progress.best_step);
  for (const CheckpointTensors part : {&Checkpoint::model, &Checkpoint::optimizer}) {
    REQUIRE((found.*part).size() == (expected.*part).size());
    for (std::size_t i = 0; i < (found.*part).size(); ++i) {
      const NamedTensor &a = (found.*part)[i], &b = (expected.*part)[i];
      INFO(a.name);
      REQUIRE(a.name == b.name);
      REQUIRE(a.tensor.shape() == b.tensor.shape());
      const auto x = a.tensor.span<float>(), y = b.tensor.span<float>();
      for (std::size_t n = 0; n < x.size(); ++n) CHECK(std::abs(x[n] - y[n]) <= 1e-4f + 1e-3f * std::abs(y[n]));
    }
  }
}

}  // namespace

TEST_CASE("runs with a checkpoint of format 1 are resumed to the same end", "[cli]") {
  const TempDir folder;
  for (const auto& [command, name] : {std::pair{"train-fewshot", "fewshot"}, std::pair{"train-rl", "rl"}}) {
    const RunResult result = resume(folder, command, name);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK_THAT(result.err, !Contains("new episodes begin") && Contains("Resuming at step"));
    const std::filesystem::path latest = folder / name / "checkpoints/latest.h5";
    check_same_end(latest, stored / (std::string(name) + ".end.h5"));
    CHECK_FALSE(load_checkpoint(latest).arithmetic.simd.empty());
  }
}

TEST_CASE("models in checkpoints of format 1 are evaluated, start new runs and are inspected", "[cli]") {
  const TempDir folder;
  for (const auto& [command, name] : {std::pair{"train-fewshot", "fewshot"}, std::pair{"train-rl", "rl"}}) {
    const std::string file = (stored / (std::string(name) + ".h5")).string();
    const RunResult evaluated = run_srwm({"eval", "--checkpoint", file, "--num-episodes", "4"});
    INFO(evaluated.err);
    CHECK(evaluated.exit_code == 0);
    CHECK_THAT(run_srwm({"data", "inspect", file}).out, Contains("checkpoint, format version 1"));
    const RunResult started = run_srwm({command, "--config", spec_of(folder, name), "--run-dir",
                                        (folder / name).string(), "--init-from", file, "--threads", "1"},
                                       {.folder = folder.path()});
    INFO(started.err);
    CHECK(started.exit_code == 0);
    CHECK_THAT(started.err, Contains("Starting from the model in"));
  }
}

TEST_CASE("a resumed run computes as its checkpoint did, or says why it cannot", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  const auto run_with = [&](const std::string& simd, const std::vector<std::string>& more) {
    return run_srwm(train_arguments(folder.path(), "run", more), {.environment = {{"SRWM_SIMD", simd}}});
  };
  REQUIRE(run_with("base", {"--set", "train.steps=4"}).exit_code == 0);
  CHECK_THAT(run_with("", {"--resume"}).err, !Contains("the instruction set"));
  CHECK(load_checkpoint(folder / "run/checkpoints/latest.h5").arithmetic.simd == "base");
  REQUIRE(run_srwm(train_arguments(folder.path(), "whole", {}), {.environment = {{"SRWM_SIMD", "base"}}}).exit_code ==
          0);
  check_same_model(folder / "run", folder / "whole");
  const RunResult foreign = run_with("foo", {"--resume"});
  CHECK(foreign.exit_code == 2);
  CHECK_THAT(foreign.err, Contains("The environment variable SRWM_SIMD is 'foo'. Set it to base, v3 or v4"));
}
