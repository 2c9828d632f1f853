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
#include "spec/spec.h"

namespace srwm {

/// Uint8 images and how their pixels become numbers.
struct ImagePool {
  Tensor images;             ///< u8 [N, H, W, C]
  std::vector<double> mean;  ///< per channel; empty: pixels / 255 and nothing more
  std::vector<double> std;

  ImageShape shape() const { return {images.dim(1), images.dim(2), images.dim(3)}; }
};

/// Episodes by number, 0, 1, 2, ...: each a pure function of its number and of what the source was made from.
class EpisodeSource {
 public:
  virtual ~EpisodeSource() = default;
  virtual const ImagePool& pool() const = 0;
  /// Fills `batch` with the episodes first, first + 1, ..., first + episodes - 1.
  virtual void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const = 0;
};

/// What a spec's `data` and `protocol` name, loaded.
class FewShotData {
 public:
  /// Loads the dataset if anything is drawn from it, and the episodes file if there is one. DataError if a file is
  /// missing or broken; SpecError if the file's episodes do not fit the protocol or the images the dataset's.
  FewShotData(const ExperimentSpec& spec, const std::string& data_dir, int threads);
  /// The same images, and training episodes drawn with another seed; nothing is copied.
  FewShotData with_seed(std::uint64_t seed) const;

  ImageShape image_shape() const;
  /// Of the dataset, and of the episodes file after a '+'.
  std::string digest() const;

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
  ImagePool pool_of(const Tensor& images) const;

  ExperimentSpec spec_;
  std::shared_ptr<const ClassDataset> dataset_;
  std::shared_ptr<const EpisodeFile> file_;
  std::unique_ptr<EpisodeSource> training_;
};

/// The episodes of a file, in its order. The file must outlive the source.
std::unique_ptr<EpisodeSource> episodes_of(const EpisodeFile& file, ImagePool pool);

}  // namespace srwm
