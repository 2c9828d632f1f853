#include "tasks/fewshot/data.h"

#include "core/error.h"
#include "data/pixel_check.h"
#include "data/sequential_sampler.h"
#include "io/data_folders.h"
#include "tasks/fewshot/two_tasks.h"

namespace srwm {
namespace {

class DrawnEpisodes final : public EpisodeSource {
 public:
  /// `per_step` training episodes make an optimizer step, which the spec's schedule of ways counts; 0: always n_way.
  DrawnEpisodes(const ClassSplit& split, ImagePool pool, const EpisodeOptions& options, std::uint64_t seed,
                Stream stream, std::int64_t per_step)
      : pool_(std::move(pool)), sampler_(split, options, seed, stream), per_step_(per_step) {}

  const ImagePool& pool() const override { return pool_; }

  void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const override {
    const std::int64_t ways = per_step_ > 0 ? sampler_.ways_at(first / per_step_) : 0;
    sampler_.sample(0, episodes, batch, first, ways);
  }

 private:
  ImagePool pool_;
  EpisodeSampler sampler_;
  std::int64_t per_step_;
};

/// Two tasks after each other.
class SequentialEpisodes final : public EpisodeSource {
 public:
  SequentialEpisodes(const SequentialSampler& sampler, ImagePool pool, bool training)
      : pool_(std::move(pool)), sampler_(sampler), training_(training) {}

  const ImagePool& pool() const override { return pool_; }

  void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const override {
    if (training_) {
      sampler_.sample_for_training(first, episodes, batch);
    } else {
      sampler_.sample_for_evaluation(first, episodes, batch);
    }
  }

 private:
  ImagePool pool_;
  SequentialSampler sampler_;
  bool training_;
};

class StoredEpisodes final : public EpisodeSource {
 public:
  StoredEpisodes(const EpisodeFile& file, ImagePool pool) : file_(file), pool_(std::move(pool)) {}

  const ImagePool& pool() const override { return pool_; }
  void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const override {
    file_.batch(first, episodes, batch);
  }

 private:
  const EpisodeFile& file_;
  ImagePool pool_;
};

bool draws_training(const ExperimentSpec& spec) {
  return spec.data.train_episodes.empty();
}

bool draws_anything(const ExperimentSpec& spec) {
  return draws_training(spec) || spec.validation.every > 0 || spec.test.episodes > 0;
}

std::shared_ptr<const ClassDataset> load_classes(const std::string& name, const GlyphOptions& glyphs,
                                                 const std::string& data_dir, int threads) {
  auto dataset = std::make_shared<const ClassDataset>(
      name == "glyphs" ? make_glyphs(glyphs, threads) : read_class_dataset(find_dataset(name, data_dir)));
  require_own_classes(*dataset);
  return dataset;
}

/// Generated characters as second dataset are not those of the first.
GlyphOptions second_glyphs(GlyphOptions options) {
  ++options.seed;
  return options;
}

void check_protocol(const EpisodeFile& file, const ExperimentSpec& spec) {
  const EpisodeOptions& wanted = spec.protocol;
  const bool is_sync = wanted.protocol == Protocol::sync;  // a sequential model is at home in a single delayed task
  if ((file.protocol == Protocol::sync) == is_sync && file.n_way == wanted.n_way) return;
  throw SpecError(
      "{} holds {}-way episodes of the protocol \"{}\", but the spec asks for {}-way \"{}\". Its protocol.n_way and "
      "protocol.kind must be those of the file.",
      spec.data.train_episodes, file.n_way, name_of(file.protocol), wanted.n_way, name_of(wanted.protocol));
}

void check_images(const Tensor& file_images, const Tensor& dataset_images, const ExperimentSpec& spec) {
  for (int axis = 1; axis < 4; ++axis) {
    if (file_images.dim(axis) == dataset_images.dim(axis)) continue;
    throw SpecError(
        "The images of {} are {}, those of the dataset {} are {} ([N, H, W, C]); one "
        "model cannot see both. Give episodes of the dataset's size, or neither validation nor test.",
        spec.data.train_episodes, file_images.shape().to_string(), spec.data.dataset,
        dataset_images.shape().to_string());
  }
}

void check_same_size(const ClassDataset& first, const ClassDataset& second, const DataSpec& spec) {
  const Shape &a = first.train.images.shape(), &b = second.train.images.shape();
  if (a[1] == b[1] && a[2] == b[2] && a[3] == b[3]) return;
  throw SpecError(
      "The images of data.dataset {} are {} x {} x {}, those of data.second_dataset {} are {} x {} x {} (height, "
      "width, channels); one model cannot see both. Pack them at one size.",
      spec.dataset, a[1], a[2], a[3], spec.second_dataset, b[1], b[2], b[3]);
}

}  // namespace

FewShotData::FewShotData(const ExperimentSpec& spec, const std::string& data_dir, int threads) : spec_(spec) {
  if (draws_anything(spec)) {
    dataset_ = load_classes(spec.data.dataset, spec.data.glyphs, data_dir, threads);
    if (spec.protocol.protocol == Protocol::sequential) {
      second_ = load_classes(spec.data.second_dataset, second_glyphs(spec.data.glyphs), data_dir, threads);
      check_same_size(*dataset_, *second_, spec.data);
    }
  }
  if (!draws_training(spec)) {
    file_ = std::make_shared<const EpisodeFile>(read_episode_file(find_moved(spec.data.train_episodes, data_dir)));
    check_protocol(*file_, spec);
    if (dataset_) check_images(file_->images, dataset_->train.images, spec);
  }
  training_ = make_training();
}

std::vector<std::string> FewShotData::warnings(int threads) const {
  std::vector<std::string> sentences;
  for (const auto& [dataset, name] :
       {std::pair(dataset_, spec_.data.dataset), std::pair(second_, spec_.data.second_dataset)}) {
    if (!dataset || name == "glyphs") continue;
    for (const std::string& suspicion : describe_suspicions(*dataset, threads)) {
      sentences.push_back(fmt::format("The dataset {}: {}.", name, suspicion));
    }
  }
  return sentences;
}

FewShotData FewShotData::with_seed(std::uint64_t seed) const {
  FewShotData other;
  other.spec_ = spec_;
  other.spec_.seed = seed;
  other.dataset_ = dataset_;
  other.second_ = second_;
  other.file_ = file_;
  other.training_ = other.make_training();
  return other;
}

std::unique_ptr<EpisodeSource> FewShotData::make_training() const {
  if (file_) return episodes_of(*file_, {{stored_set()}});
  if (second_) return sequential(Split::train, spec_.seed, true);
  const ClassSplit& classes = dataset_->train;
  EpisodeOptions options = spec_.protocol;
  if (spec_.bootstrap.kind != BootstrapKind::none) options.future_shots = spec_.bootstrap.future_shots;
  return std::make_unique<DrawnEpisodes>(classes, ImagePool{{set_of(*dataset_, classes.images, spec_.data.dataset)}},
                                         options, spec_.seed, Stream::train_episodes,
                                         spec_.train.batch * spec_.loop().passes());
}

std::unique_ptr<EpisodeSource> FewShotData::sequential(Split split, std::uint64_t seed, bool training) const {
  const ClassSplit &first = dataset_->split(split), &second = second_->split(split);
  const auto [first_name, second_name] = task_names(spec_.data);
  ImagePool pool{{set_of(*dataset_, first.images, first_name), set_of(*second_, second.images, second_name)}};
  return std::make_unique<SequentialEpisodes>(
      SequentialSampler(first, second, spec_.protocol, seed, episode_stream(split)), std::move(pool), training);
}

ImageShape FewShotData::image_shape() const {
  return training_->pool().shape();
}

std::string FewShotData::digest() const {
  std::string text = dataset_ ? dataset_->digest : "";
  if (second_) text += "+" + second_->digest;
  if (file_) text += (text.empty() ? "" : "+") + file_->digest;
  return text;
}

std::unique_ptr<EpisodeSource> FewShotData::drawn(Split split, std::uint64_t seed) const {
  SRWM_CHECK(dataset_ != nullptr, "episodes are drawn from a dataset that was not loaded");
  if (second_) return sequential(split, seed, false);
  const ClassSplit& classes = dataset_->split(split);
  return std::make_unique<DrawnEpisodes>(classes, ImagePool{{set_of(*dataset_, classes.images, spec_.data.dataset)}},
                                         spec_.protocol, seed, episode_stream(split), 0);
}

ImageSet FewShotData::set_of(const ClassDataset& dataset, const Tensor& images, const std::string& name) const {
  if (!spec_.data.normalize) return {name, images, {}, {}};
  return {name, images, dataset.mean, dataset.std};
}

ImageSet FewShotData::stored_set() const {
  if (dataset_) return set_of(*dataset_, file_->images, spec_.data.dataset);
  if (!spec_.data.normalize) return {spec_.data.dataset, file_->images, {}, {}};
  throw SpecError(
      "data.normalize needs the mean and standard deviation of a dataset, but with data.train_episodes and "
      "no validation or test none is loaded. Set data.normalize to false.");
}

std::unique_ptr<EpisodeSource> episodes_of(const EpisodeFile& file, ImagePool pool) {
  return std::make_unique<StoredEpisodes>(file, std::move(pool));
}

}  // namespace srwm
