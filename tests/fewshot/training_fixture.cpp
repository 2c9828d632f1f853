#include "fewshot/training_fixture.h"

#include <cstdlib>

#include "ops/backend.h"
#include "run/run_folder.h"

namespace srwm::test {

ExperimentSpec small_spec() {
  ExperimentSpec spec;
  spec.name = "small";
  spec.data.glyphs = {
      .image_size = 28, .train_classes = 20, .val_classes = 6, .test_classes = 6, .images_per_class = 5};
  spec.protocol.n_way = 3;
  spec.model = {.vision = {.channels = 16, .dropout = 0.1},
                .core = {.layers = 1, .heads = 2, .hidden = 16, .ff_factor = 2, .dropout = 0.1}};
  spec.train = {.steps = 12, .batch = 4, .report_every = 5};
  spec.validation = {.every = 4, .batches = 2};
  spec.checkpoint = {.every = 3};
  spec.test.episodes = 10;
  return spec;
}

ExperimentSpec small_sequential_spec() {
  ExperimentSpec spec = small_spec();
  spec.protocol.protocol = Protocol::sequential;
  spec.protocol.k_shot = 2;
  spec.protocol.second_rotations = true;
  spec.protocol.max_trim = 4;
  spec.data.normalize = true;
  spec.train.accumulate = 2;
  return spec;
}

ExperimentSpec small_bootstrap_spec(BootstrapKind kind) {
  ExperimentSpec spec = small_spec();
  spec.protocol.queries = 2;
  spec.bootstrap.kind = kind;
  spec.bootstrap.future_shots = 2;
  return spec;
}

ExperimentSpec small_evolution_spec() {
  ExperimentSpec spec = small_spec();
  spec.train.gradient = GradientSource::evolution;
  spec.train.evolution.population = 3;
  return spec;
}

namespace {

/// Resumes if asked to, and trains to the end or, like one that is killed there, up to a step.
void train_up_to(std::optional<int> last, const ExperimentSpec& spec, const std::filesystem::path& folder,
                 const TrainOptions& options) {
  Logger logger(true);
  StopRequest stop(options.max_seconds);
  const RunFolder run = RunFolder::open(folder, options.resume);
  Context context(*options.backend, DType::f32, options.threads, spec.seed);
  context.set_eager(options.eager);
  const auto data = std::make_shared<const FewShotData>(spec, "", options.threads);
  FewShotTask task(spec, context, data);
  Trainer trainer(spec, context, task, data->digest(), run.paths(), logger, stop);
  if (options.resume && run.paths().has_checkpoint()) trainer.resume();
  if (last) return trainer.run_until(*last);
  trainer.run();
  run.mark_done();
}

}  // namespace

void train(const ExperimentSpec& spec, const std::filesystem::path& folder, const TrainOptions& options) {
  train_up_to(std::nullopt, spec, folder, options);
}

void train_in_pieces(const ExperimentSpec& spec, const std::filesystem::path& folder, std::initializer_list<int> stops,
                     TrainOptions options) {
  options.resume = true;
  for (const int stop : stops) train_up_to(stop, spec, folder, options);
  train_up_to(std::nullopt, spec, folder, options);
}

std::filesystem::path store_training_episodes(const ExperimentSpec& spec, std::int64_t episodes,
                                              const std::filesystem::path& folder) {
  const FewShotData data(spec, "", 1);
  EpisodeBatch batch;
  data.training().batch(0, episodes, batch);
  const ImageSet& set = data.training().pool().sets.front();
  EpisodeFile file{.images = Tensor::owning({batch.positions(), 28, 28, 1}, DType::u8),
                   .labels = Tensor::owning({episodes, batch.length}, DType::i32),
                   .protocol = spec.protocol.protocol,
                   .n_way = spec.protocol.n_way,
                   .k_shot = spec.protocol.k_shot};
  gather_images(set.images, batch, {}, {}, 1, file.images);
  for (std::int64_t p = 0; p < batch.positions(); ++p) {
    const auto i = static_cast<std::size_t>(p);
    file.labels.data<std::int32_t>()[p] = batch.target[i] >= 0 ? batch.target[i] : batch.label_in[i];
  }
  const std::filesystem::path path = folder / "episodes.h5";
  write_episode_file(file, path, "test");
  return path;
}

}  // namespace srwm::test
