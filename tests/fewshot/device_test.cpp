// Few-shot training on the CUDA backend: the same as on a CPU but for rounding, and the same bits however it is run.
#include <catch2/catch.hpp>

#include "fewshot/training_fixture.h"
#include "io/file.h"
#include "ops/cuda/backend.h"
#include "tasks/fewshot/predictor.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// Ways that grow, so that passes of several shapes are recorded; two passes a step; a last batch of another size.
/// Small, because emulated kernels take a thousand times longer.
ExperimentSpec device_spec(const std::string& core) {
  ExperimentSpec spec = small_spec();
  spec.data.glyphs.image_size = 16;
  spec.model.vision.channels = 8;
  spec.model.core.kind = core == "lstm" ? CoreKind::lstm : core == "delta_net" ? CoreKind::delta_net : CoreKind::srwm;
  spec.protocol.queries = 2;
  spec.protocol.first_ways = 2;
  spec.protocol.ways_steps = 4;
  spec.train = {.steps = 6, .batch = 2, .accumulate = 2, .report_every = 2};
  spec.validation = {.every = 3, .batches = 2};
  spec.test.episodes = 3;
  return spec;
}

/// Two tasks after each other: trimming makes passes of several lengths, and two sets of images are gathered.
ExperimentSpec sequential_device_spec() {
  ExperimentSpec spec = device_spec("srwm");
  spec.protocol = small_sequential_spec().protocol;
  spec.protocol.max_trim = 2;
  spec.data.normalize = true;
  return spec;
}

/// Two sets of images, turned and placed.
ExperimentSpec augmented_device_spec() {
  ExperimentSpec spec = sequential_device_spec();
  spec.protocol.rotations = true;
  spec.data.augment = {.shift = 1.5, .angle = 20, .scale = 0.2, .flip = true};
  return spec;
}

ExperimentSpec bootstrap_device_spec(BootstrapKind kind) {
  ExperimentSpec spec = device_spec("srwm");
  spec.protocol.first_ways = spec.protocol.ways_steps = 0;
  spec.bootstrap = small_bootstrap_spec(kind).bootstrap;
  spec.bootstrap.future_shots = 1;
  return spec;
}

std::vector<double> train_losses(const std::filesystem::path& folder) {
  std::vector<double> losses;
  std::istringstream lines(metrics_of(folder));
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find("\"loss\":");
    if (at != std::string::npos) losses.push_back(std::stod(line.substr(at + 7)));
  }
  return losses;
}

void check_same_bits(const std::filesystem::path& a, const std::filesystem::path& b) {
  for (const char* file : {"checkpoints/latest.h5", "checkpoints/best.h5"}) {
    INFO(file);
    CHECK(read_file(a / file) == read_file(b / file));
  }
  CHECK(metrics_of(a) == metrics_of(b));
}

}  // namespace

TEST_CASE("training on the device follows training on the CPU", "[device]") {
  const ExperimentSpec spec =
      GENERATE(device_spec("srwm"), device_spec("delta_net"), device_spec("lstm"), sequential_device_spec(),
               augmented_device_spec(), bootstrap_device_spec(BootstrapKind::kl),
               bootstrap_device_spec(BootstrapKind::state_mse));
  INFO(name_of(spec.model.core.kind) << " " << name_of(spec.protocol.protocol));
  TempDir folder;
  train(spec, folder.path() / "cpu");
  train(spec, folder.path() / "cuda", {.backend = &cuda_backend(0)});
  const std::vector<double> expected = train_losses(folder.path() / "cpu"),
                            found = train_losses(folder.path() / "cuda");
  REQUIRE(expected.size() == 5);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-3));
}

TEST_CASE("replayed graphs, eager launches and a run in pieces give the same bits", "[device]") {
  TempDir folder;
  const ExperimentSpec spec =
      GENERATE(device_spec("srwm"), sequential_device_spec(), bootstrap_device_spec(BootstrapKind::kl));
  const TrainOptions options{.backend = &cuda_backend(0)};
  train(spec, folder.path() / "replayed", options);
  SECTION("eager") {
    train(spec, folder.path() / "eager", {.backend = options.backend, .eager = true});
    check_same_bits(folder.path() / "replayed", folder.path() / "eager");
  }
  SECTION("in pieces") {
    train_in_pieces(spec, folder.path() / "pieces", {2, 4}, options);
    check_same_bits(folder.path() / "replayed", folder.path() / "pieces");
  }
}

TEST_CASE("a checkpoint of one device goes on on the other", "[device]") {
  TempDir folder;
  ExperimentSpec spec = device_spec("srwm");
  spec.train.steps = 3;
  train(spec, folder.path() / "run", {.backend = &cuda_backend(0)});
  spec.train.steps = 5;
  train(spec, folder.path() / "run", {.resume = true});
  CHECK(load_checkpoint(folder.path() / "run/checkpoints/latest.h5").progress.step == 5);
}

TEST_CASE("predictions of many batches come in their order", "[device]") {
  const ExperimentSpec spec = device_spec("srwm");
  const FewShotData data(spec, "", 1);
  const auto source = data.drawn(Split::test, 0);
  const auto logits_of = [&](const Backend& backend) {
    Context context(backend, DType::f32, 1, spec.seed);
    FewShotLearner learner(context, spec, data.image_shape());
    std::vector<float> logits;
    Predictor predictor(context, learner, [&](const Prediction& prediction) {
      const auto values = prediction.logits.span<float>();
      logits.insert(logits.end(), values.begin(), values.end());
    });
    EpisodeBatch batch;
    for (int i = 0; i < 35; ++i) {  // more than wait at once, and two of another size among them
      source->batch(2 * i, i == 20 || i == 34 ? 1 : 2, batch);
      predictor.start(batch, source->pool());
    }
    predictor.finish();
    return logits;
  };
  const std::vector<float> expected = logits_of(cpu_backend()), found = logits_of(cuda_backend(0));
  REQUIRE(found.size() == expected.size());
  REQUIRE(found.size() == 68 * 2 * 3);
  float worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) worst = std::max(worst, std::abs(found[i] - expected[i]));
  CHECK(worst <= 1e-4f);
}
