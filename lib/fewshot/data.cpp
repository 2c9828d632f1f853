#include "fewshot/data.h"

#include "core/error.h"

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

ClassDataset load_classes(const DataSpec& spec, const std::string& data_dir, int threads) {
  if (spec.dataset == "glyphs") return make_glyphs(spec.glyphs, threads);
  return read_class_dataset(find_dataset(spec.dataset, data_dir));
}

void check_protocol(const EpisodeFile& file, const ExperimentSpec& spec) {
  const EpisodeOptions& wanted = spec.protocol;
  if (file.protocol == wanted.protocol && file.n_way == wanted.n_way) return;
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

}  // namespace

FewShotData::FewShotData(const ExperimentSpec& spec, const std::string& data_dir, int threads) : spec_(spec) {
  if (draws_anything(spec)) {
    dataset_ = std::make_shared<const ClassDataset>(load_classes(spec.data, data_dir, threads));
  }
  if (!draws_training(spec)) {
    file_ = std::make_shared<const EpisodeFile>(read_episode_file(spec.data.train_episodes));
    check_protocol(*file_, spec);
    if (dataset_) check_images(file_->images, dataset_->train.images, spec);
  }
  training_ = make_training();
}

FewShotData FewShotData::with_seed(std::uint64_t seed) const {
  FewShotData other;
  other.spec_ = spec_;
  other.spec_.seed = seed;
  other.dataset_ = dataset_;
  other.file_ = file_;
  other.training_ = other.make_training();
  return other;
}

std::unique_ptr<EpisodeSource> FewShotData::make_training() const {
  if (file_) return episodes_of(*file_, pool_of(file_->images));
  return std::make_unique<DrawnEpisodes>(dataset_->train, pool_of(dataset_->train.images), spec_.protocol, spec_.seed,
                                         Stream::train_episodes, spec_.train.batch * spec_.train.accumulate);
}

ImageShape FewShotData::image_shape() const {
  return training_->pool().shape();
}

std::string FewShotData::digest() const {
  std::string text = dataset_ ? dataset_->digest : "";
  if (file_) text += (text.empty() ? "" : "+") + file_->digest;
  return text;
}

std::unique_ptr<EpisodeSource> FewShotData::drawn(Split split, std::uint64_t seed) const {
  const Stream stream = split == Split::val    ? Stream::validation_episodes
                        : split == Split::test ? Stream::test_episodes
                                               : Stream::train_episodes;
  SRWM_CHECK(dataset_ != nullptr, "episodes are drawn from a dataset that was not loaded");
  const ClassSplit& classes = dataset_->split(split);
  return std::make_unique<DrawnEpisodes>(classes, pool_of(classes.images), spec_.protocol, seed, stream, 0);
}

ImagePool FewShotData::pool_of(const Tensor& images) const {
  if (!spec_.data.normalize) return {images, {}, {}};
  if (!dataset_) {
    throw SpecError(
        "data.normalize needs the mean and standard deviation of a dataset, but with data.train_episodes and "
        "no validation or test none is loaded. Set data.normalize to false.");
  }
  return {images, dataset_->mean, dataset_->std};
}

std::unique_ptr<EpisodeSource> episodes_of(const EpisodeFile& file, ImagePool pool) {
  return std::make_unique<StoredEpisodes>(file, std::move(pool));
}

}  // namespace srwm
