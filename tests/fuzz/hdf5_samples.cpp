#include "fuzz/hdf5_samples.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "core/error.h"
#include "data/class_dataset.h"
#include "data/describe.h"
#include "data/glyphs.h"
#include "data/online_stream.h"
#include "data/sampler.h"
#include "fuzz/target.h"
#include "run/checkpoint.h"
#include "tasks/fewshot/fewshot_spec.h"

namespace srwm::fuzz {
namespace {

ClassSplit make_split(const Shape& image, Decisions& decisions) {
  const auto classes = static_cast<std::int32_t>(decisions.below(7)),
             each = 1 + static_cast<std::int32_t>(decisions.below(3));
  ClassSplit split;
  split.images = Tensor::owning({classes * each, image[0], image[1], image[2]}, DType::u8);
  std::ranges::fill(split.images.span<std::uint8_t>(), decisions.byte());
  for (std::int32_t c = 0; c < classes; ++c) {
    split.class_names.push_back(fmt::format("class {}", c));
    split.members.emplace_back();
    for (std::int32_t i = 0; i < each; ++i) split.members.back().push_back(c * each + i);
  }
  return split;
}

/// A dataset that agrees with itself, of any size: a few classes or none, images of a pixel or none.
ClassDataset make_dataset(Decisions& decisions) {
  const std::vector<std::int64_t> sides{16, 16, 16, 9, 1, 0};
  const Shape image{decisions.one_of(sides), decisions.one_of(sides),
                    1 + static_cast<std::int64_t>(decisions.below(4))};
  ClassDataset dataset;
  dataset.mean = dataset.std = std::vector<double>(static_cast<std::size_t>(image[2]), 0.5);
  for (ClassSplit* split : {&dataset.train, &dataset.val, &dataset.test}) *split = make_split(image, decisions);
  if (dataset.is_labeled() && decisions.below(2) == 1) dataset.val = {};
  return dataset;
}

EpisodeFile make_episodes(Decisions& decisions) {
  const auto count = static_cast<std::int64_t>(1 + decisions.below(3));
  const ClassDataset dataset =
      make_glyphs({.image_size = 9, .train_classes = 3, .val_classes = 2, .test_classes = 5, .images_per_class = 3}, 1);
  return draw_episodes(dataset.test, {.n_way = 3, .k_shot = 1}, 1, Stream::test_episodes, count, 1);
}

Checkpoint small_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.model = {{"out_layer.weight", Tensor::owning({3, 4}, DType::f32)},
                      {"layers.0.W_y", Tensor::owning({1, 2, 4, 4}, DType::f32)}};
  checkpoint.optimizer = {{"exp_avg.out_layer.weight", Tensor::owning({3, 4}, DType::f32)}};
  checkpoint.progress = {.step = 3, .best_metric = 0.5, .best_step = 2};
  checkpoint.progress.counters = {{"metric_lines", 4}};
  checkpoint.progress.reals = {{"interval_loss", 0.25}};
  checkpoint.spec_json = "{\"name\": \"a\"}";
  const StateWriter state(checkpoint.state);
  state.integers("versions", std::vector<std::int64_t>{1, 2});
  state.section("envs").bytes("0", std::string("abc"));
  return checkpoint;
}

/// Errors are what a broken file is meant to give; anything else that is thrown is a finding.
void attempt(const std::function<void()>& use) {
  try {
    use();
  } catch (const Error&) {
  }
}

void use_dataset(const std::filesystem::path& path) {
  const ClassDataset dataset = read_class_dataset(path);
  for (const Split which : all_splits) {
    if (!dataset.has(which)) continue;
    const ClassSplit& split = dataset.split(which);
    const EpisodeSampler sampler(split, {.n_way = 2, .k_shot = 1, .rotations = true}, 1, episode_stream(which));
    EpisodeBatch batch;
    sampler.sample(0, 2, batch);
    const Tensor pixels =
        Tensor::owning({batch.positions(), dataset.height(), dataset.width(), dataset.channels()}, DType::f32);
    gather_images(split.images, batch, dataset.mean, dataset.std, 1, pixels);
  }
}

void use_stream(const std::filesystem::path& path) {
  const OnlineOptions options{.datasets = {path.string()}, .tasks = 2, .project = 0, .permute_pixels = 0.5};
  const OnlineData data(options.datasets, {}, "", 1);
  const auto stream = make_online_stream(data, options, Split::test, 1);
  const std::array<EpisodeId, 2> ids{{{0, 1}, {1, 1}}};
  const EpisodeShape shape = stream->shape(ids[0]);
  const Tensor x = Tensor::owning({2, 3, shape.inputs}, DType::f32), labels = Tensor::owning({2, 3}, DType::i32);
  stream->draw(ids, 1, x, labels);
  for (const std::int32_t label : labels.span<std::int32_t>()) {
    expect(label >= 0 && label < shape.classes, "a label that is none");
  }
}

void use_episodes(const std::filesystem::path& path) {
  const EpisodeFile episodes = read_episode_file(path);
  EpisodeBatch batch;
  episodes.batch(1, 3, batch);
  expect(batch.positions() == 3 * episodes.length(), "a batch of another length");
}

void use_checkpoint(const std::filesystem::path& path) {
  const Checkpoint checkpoint = load_checkpoint(path);
  expect(!checkpoint.model.empty() && checkpoint.progress.step >= 0, "a checkpoint without content");
  parse_spec_text(checkpoint.spec_json, path.string());
}

}  // namespace

void write_sound_file(const std::filesystem::path& path, Decisions& decisions) {
  switch (decisions.below(3)) {
    case 0:
      return write_class_dataset(make_dataset(decisions), path, "test");
    case 1:
      return write_episode_file(make_episodes(decisions), path, "test");
    default:
      return save_checkpoint(path, small_checkpoint());
  }
}

void read_in_every_way(const std::filesystem::path& path) {
  attempt([&] { use_dataset(path); });
  attempt([&] { use_stream(path); });
  attempt([&] { use_episodes(path); });
  attempt([&] { use_checkpoint(path); });
  attempt([&] { describe_file(path, 1); });
  attempt([&] { contact_sheet_of_file(path, "test", 3); });
}

}  // namespace srwm::fuzz
