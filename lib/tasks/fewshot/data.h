// Where the episodes of an experiment come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/class_dataset.h"
#include "data/episode.h"
#include "data/sampler.h"
#include "nn/image_encoder.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "train/task_type.h"

namespace srwm {

/// Uint8 images and how their pixels become numbers.
struct ImageSet {
  std::string name;          ///< of the dataset
  Tensor images;             ///< u8 [N, H, W, C]
  std::vector<double> mean;  ///< per channel; empty: pixels / 255 and nothing more
  std::vector<double> std;
};

/// What a source's episodes are made of: a set of images per task, of one size.
struct ImagePool {
  static constexpr std::size_t max_sets = 2;
  std::vector<ImageSet> sets;

  ImageShape shape() const {
    const Tensor& images = sets.front().images;
    return {images.dim(1), images.dim(2), images.dim(3)};
  }
};

/// Episodes by number, 0, 1, 2, ...: each a pure function of its number and of what the source was made from; of a
/// sequential source for training also of where its batch begins (data/sequential_sampler.h).
class EpisodeSource {
 public:
  virtual ~EpisodeSource() = default;
  virtual const ImagePool& pool() const = 0;
  /// Fills `batch` with the episodes first, first + 1, ..., first + episodes - 1.
  virtual void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const = 0;
};

/// What a spec's `data` and `protocol` name, loaded.
class FewShotData final : public TaskData {
 public:
  /// Loads the dataset, or both of a sequential protocol, if anything is drawn from them, and the episodes file if
  /// there is one. DataError if a file is missing or broken; SpecError if the file's episodes do not fit the protocol
  /// or images are of different sizes.
  FewShotData(const ExperimentSpec& spec, const std::string& data_dir, int threads);
  /// The same images, and training episodes drawn with another seed; nothing is copied.
  FewShotData with_seed(std::uint64_t seed) const;

  ImageShape image_shape() const;
  /// Of the dataset, then each after a '+' of the second dataset and of the episodes file.
  std::string digest() const override;

  /// What its datasets should not have, such as images in several splits (data/pixel_check.h), a sentence each.
  std::vector<std::string> warnings(int threads) const;

  /// Training episodes: drawn with the spec's seed, or read from the file in its order, from the start again at its
  /// end.
  const EpisodeSource& training() const { return *training_; }
  /// Episodes in the file, 0 without one.
  std::int64_t stored_episodes() const { return file_ ? file_->episodes() : 0; }
  /// Episodes drawn from a split with a fixed seed of their own: the same for every run.
  std::unique_ptr<EpisodeSource> drawn(Split split, std::uint64_t seed) const;

 private:
  FewShotData() = default;
  std::unique_ptr<EpisodeSource> make_training() const;
  std::unique_ptr<EpisodeSource> sequential(Split split, std::uint64_t seed, bool training) const;
  ImageSet set_of(const ClassDataset& dataset, const Tensor& images, const std::string& name) const;
  ImageSet stored_set() const;

  ExperimentSpec spec_;
  std::shared_ptr<const ClassDataset> dataset_, second_;  ///< the second of a sequential protocol, else null
  std::shared_ptr<const EpisodeFile> file_;
  std::unique_ptr<EpisodeSource> training_;
};

/// The episodes of a file, in its order. The file must outlive the source.
std::unique_ptr<EpisodeSource> episodes_of(const EpisodeFile& file, ImagePool pool);

}  // namespace srwm
