#include "train/trainer.h"

#include <limits>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "fewshot/training_fixture.h"
#include "io/file.h"
#include "ops/backend.h"
#include "spec/print.h"
#include "support/same_model.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Trains three steps, leaves weights in the checkpoint whose next loss overflows, and asks for two steps more.
void train_to_overflow(ExperimentSpec& spec, const std::filesystem::path& run) {
  spec.train.steps = 3;
  train(spec, run);
  Checkpoint checkpoint = load_checkpoint(run / "checkpoints/latest.h5");
  for (NamedTensor& entry : checkpoint.model) {
    if (entry.name == "input_proj.weight") std::ranges::fill(entry.tensor.span<float>(), 3e38f);
  }
  save_checkpoint(run / "checkpoints/latest.h5", checkpoint);
  spec.train.steps = 5;
}

}  // namespace

TEST_CASE("the same spec and seed give the same bits, whatever the number of threads", "[trainer]") {
  TempDir folder;
  const ExperimentSpec spec = GENERATE(small_spec(), small_evolution_spec());
  train(spec, folder.path() / "a", {.threads = 1});
  train(spec, folder.path() / "b", {.threads = 3});
  check_same_model(folder.path() / "a", folder.path() / "b");
  CHECK(metrics_of(folder.path() / "a") == metrics_of(folder.path() / "b"));
}

TEST_CASE("a run that was cut off and resumed ends with the bits of one that was not", "[trainer]") {
  TempDir folder;
  const ExperimentSpec spec = GENERATE(small_spec(), small_sequential_spec(), small_bootstrap_spec(BootstrapKind::kl),
                                       small_bootstrap_spec(BootstrapKind::state_mse), small_evolution_spec());
  train(spec, folder.path() / "whole", {.threads = 1});
  train_in_pieces(spec, folder.path() / "pieces", {2, 4, 8, 10}, {.threads = 1});
  for (const char* file : {"checkpoints/latest.h5", "checkpoints/best.h5"}) {
    INFO(file);
    CHECK(read_file(folder.path() / "whole" / file) == read_file(folder.path() / "pieces" / file));
  }
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
}

TEST_CASE("a stop writes a checkpoint and leaves as StoppedError", "[trainer]") {
  TempDir folder;
  const ExperimentSpec spec = small_spec();
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.max_seconds = 1e-9}), StoppedError);
  CHECK(std::filesystem::exists(folder.path() / "run/checkpoints/latest.h5"));
  train(spec, folder.path() / "run", {.resume = true});
  train(spec, folder.path() / "whole");
  CHECK(read_file(folder.path() / "run/checkpoints/latest.h5") ==
        read_file(folder.path() / "whole/checkpoints/latest.h5"));
}

TEST_CASE("gradient accumulation sums over passes", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  spec.train = {.steps = 2, .batch = 4, .accumulate = 3, .report_every = 1};
  spec.validation.every = 0;
  spec.test.episodes = 0;
  train(spec, folder.path() / "run");
  CHECK(metrics_of(folder.path() / "run").find("\"step\":2") != std::string::npos);
}

TEST_CASE("a run is not resumed with another spec, and the message names the key", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  train(spec, folder.path() / "run");
  spec.optim.rate = 0.5;
  CHECK_THROWS_WITH(train(spec, folder.path() / "run", {.resume = true}), Contains("optim.rate") && Contains("0.5"));
  spec = small_spec();
  spec.train.steps = 14;  // more steps are fine
  train(spec, folder.path() / "run", {.resume = true});
  CHECK(load_checkpoint(folder.path() / "run/checkpoints/latest.h5").progress.step == 14);
}

TEST_CASE("a loss that is not finite names the step and the first bad tensor and keeps the checkpoint", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  train_to_overflow(spec, folder.path() / "run");
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.resume = true}), NotFiniteError);
  CHECK_THROWS_WITH(train(spec, folder.path() / "run", {.resume = true}),
                    Contains("Step 4") && Contains("the first bad tensor is output 0 of") && Contains("latest.h5"));
}

TEST_CASE("a member of a population whose loss is not finite ends the run, step and pair named", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_evolution_spec();
  train_to_overflow(spec, folder.path() / "run");
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.resume = true}), NotFiniteError);
  CHECK_THROWS_WITH(train(spec, folder.path() / "run", {.resume = true}),
                    Contains("Step 4, pair 1: the loss at theta + noise is not finite") && Contains("latest.h5"));
}

TEST_CASE("a model that is not finite is neither continued nor started from, and the tensor is named", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  spec.train.steps = 3;
  train(spec, folder.path() / "run");
  const std::filesystem::path latest = folder.path() / "run/checkpoints/latest.h5";
  const Checkpoint sound = load_checkpoint(latest);
  const std::vector<std::byte> bytes_of_sound = checkpoint_image(sound);
  Checkpoint broken = load_checkpoint(latest);
  for (NamedTensor& entry : broken.model) {
    if (entry.name == "layers.0.W_q") entry.tensor.data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  }
  CheckpointWriter writer({folder.path() / "run"}, 0);
  CHECK_THROWS_WITH(writer.save_regular(broken), Contains("After step 3, the model's tensor layers.0.W_q (1 of") &&
                                                     Contains("The last good checkpoint is") && Contains("latest.h5"));
  CHECK_THROWS_AS(writer.save_best(broken), NotFiniteError);
  CHECK_THROWS_AS(writer.save_stopped(broken), NotFiniteError);
  CHECK(checkpoint_image(load_checkpoint(latest)) == bytes_of_sound);
  save_checkpoint(latest, broken);
  CHECK_THROWS_WITH(load_checkpoint(latest), Contains("latest.h5: the model's tensor layers.0.W_q (1 of"));
  spec.train.steps = 5;
  CHECK_THROWS_AS(train(spec, folder.path() / "run", {.resume = true}), NotFiniteError);
  broken = sound;
  broken.optimizer.front().tensor = Tensor::owning(broken.optimizer.front().tensor.shape(), DType::f32);
  broken.optimizer.front().tensor.data<float>()[0] = std::numeric_limits<float>::infinity();
  save_checkpoint(latest, broken);
  CHECK_THROWS_WITH(load_checkpoint(latest), Contains("the optimizer's tensor exp_avg."));
}

TEST_CASE("training on the same few episodes again and again learns them", "[trainer]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  spec.model.vision.dropout = spec.model.core.dropout = 0;
  spec.optim.rate = 3e-3;
  spec.train = {.steps = 200, .batch = 4, .report_every = 10};
  spec.validation.every = spec.test.episodes = 0;
  spec.data.train_episodes = store_training_episodes(spec, 4, folder.path()).string();
  train(spec, folder.path() / "run");
  const std::string lines = metrics_of(folder.path() / "run");
  const double loss = std::stod(lines.substr(lines.rfind("\"loss\":") + 7));
  CHECK(loss < 0.1);  // chance: ln 3 = 1.1
}
