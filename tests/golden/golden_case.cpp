#include "golden/golden_case.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

#include "golden/numbers.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/predictor.h"
#include "train/training_step.h"

namespace srwm::test {
namespace {

constexpr std::string_view checkpoint_suffix = ".checkpoint.h5";

std::string path_of(const std::string& name, std::string_view suffix) {
  return (golden_folder() / name).string().append(suffix);
}

std::vector<std::int64_t> integers(const hdf5::File& file, const std::string& name) {
  const Tensor numbers = file.read(name);
  return {numbers.data<std::int32_t>(), numbers.data<std::int32_t>() + numbers.numel()};
}

ImageSet images_of_task(const EpisodeFile& file, const hdf5::File& expected, std::int64_t task) {
  return {"", file.images, values_of(expected.read_rows("/mean", task, task + 1)),
          values_of(expected.read_rows("/std", task, task + 1))};
}

void copy_into(const std::vector<NamedTensor>& stored, const std::string& name, const Tensor& target) {
  const auto found = std::ranges::find(stored, name, &NamedTensor::name);
  REQUIRE(found != stored.end());
  copy_values(found->tensor, target);
}

}  // namespace

std::filesystem::path golden_folder() {
  const char* folder = std::getenv("SRWM_GOLDEN_DIR");
  return folder != nullptr ? folder : GOLDEN_DATA;
}

std::vector<std::string> golden_cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(checkpoint_suffix)) continue;
    name.resize(name.size() - checkpoint_suffix.size());
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

GoldenEpisodes::GoldenEpisodes(const EpisodeFile& file, const ExperimentSpec& spec, const hdf5::File& expected)
    : file_(file) {
  if (spec.protocol.protocol == Protocol::sequential) {
    pool_.sets = {images_of_task(file, expected, 0), images_of_task(file, expected, 1)};
    tasks_ = TwoTasks{integers(expected, "/kept"), integers(expected, "/first")};
  } else {
    pool_.sets = {{"", file.images, {}, {}}};
  }
  if (spec.bootstrap.kind != BootstrapKind::none) future_ = spec.protocol.n_way * spec.bootstrap.future_shots;
}

void GoldenEpisodes::batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const {
  whole_batch(first, episodes, batch);
  batch.future = future_;
  if (tasks_) batch = cut(batch, static_cast<std::size_t>(first / episodes));
}

void GoldenEpisodes::whole_batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const {
  file_.batch(first, episodes, batch);
  if (!tasks_) return;
  for (std::size_t p = 0; p < batch.task.size(); ++p) {
    const auto t = static_cast<std::int64_t>(p) % batch.length;
    batch.task[p] = t < batch.length / 2 ? 0 : 1;
  }
}

EpisodeBatch GoldenEpisodes::cut(const EpisodeBatch& whole, std::size_t pass) const {
  const auto first = static_cast<std::size_t>(tasks_->first.at(pass));
  std::vector<std::int64_t> positions;
  for (const std::size_t task : {first, 1 - first}) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * whole.length / 2;
    for (std::int64_t t = 0; t < tasks_->kept.at(2 * pass + task); ++t) positions.push_back(begin + t);
  }
  EpisodeBatch kept;
  kept.resize(whole.batch, static_cast<std::int64_t>(positions.size()));
  for (std::size_t p = 0; p < kept.image.size(); ++p) {
    const auto episode = static_cast<std::int64_t>(p / positions.size());
    const auto from = static_cast<std::size_t>(episode * whole.length + positions[p % positions.size()]);
    kept.image[p] = whole.image[from];
    kept.task[p] = whole.task[from];
    kept.rotation[p] = whole.rotation[from];
    kept.target[p] = whole.target[from];
  }
  feed_delayed(kept);
  return kept;
}

GoldenCase::GoldenCase(const std::string& name, const Backend& backend, DType real)
    : checkpoint_(load_checkpoint(path_of(name, checkpoint_suffix))),
      spec_(parse_spec_text(checkpoint_.spec_json, name)),
      file_(read_episode_file(path_of(name, ".episodes.h5"))),
      expected_(hdf5::File::open(path_of(name, ".expected.h5"))),
      source_(file_, spec_, expected_),
      context_(backend, real, 2),
      task_(spec_, context_, source_) {
  load_parameters();
}

void GoldenCase::load_parameters() {
  REQUIRE(checkpoint_.model.size() == parameters().parameters().size() + parameters().states().size());
  for (const Parameter& parameter : parameters().parameters()) {
    copy_into(checkpoint_.model, parameter.name, parameter.value);
  }
  for (const StateTensor& state : parameters().states()) copy_into(checkpoint_.model, state.name, state.value);
}

std::vector<double> GoldenCase::expected(const std::string& name) const {
  return values_of(expected_.read(name));
}

std::vector<double> GoldenCase::logits() {
  EpisodeBatch batch;
  source_.whole_batch(0, file_.episodes(), batch);
  return values_of(predict(context_, task_.learner(), batch, source_.pool()).logits);
}

std::vector<double> GoldenCase::losses() {
  std::vector<double> found;
  TrainingStep training(context_, task_, spec_.loop(), spec_.seed);
  for (std::int64_t step = 0; step < spec_.train.steps; ++step) {
    training.run(step);
    found.push_back(training.totals().loss);
    training.set_totals({});
  }
  return found;
}

}  // namespace srwm::test
