// Images sorted into classes, in splits: what episodes are drawn from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.h"
#include "core/tensor.h"

namespace srwm {

enum class Split { train, val, test };
inline constexpr Split all_splits[] = {Split::train, Split::val, Split::test};
std::string_view name_of(Split split);  ///< "train", "val", "test"
/// UsageError for any other name.
Split parse_split(std::string_view name);
/// The random stream that episodes of a split are drawn from.
Stream episode_stream(Split split);

struct ClassSplit {
  std::string label = "the split";                 ///< for messages: "the split val of fc100"
  Tensor images;                                   ///< u8 [N, H, W, C]
  std::vector<std::string> class_names;            ///< one per class
  std::vector<std::vector<std::int32_t>> members;  ///< image indices of each class, ascending

  std::int64_t classes() const { return static_cast<std::int64_t>(members.size()); }
};

struct ClassDataset {
  std::string name;          ///< as in the spec
  std::vector<double> mean;  ///< per channel, of pixels / 255, for `normalize`
  std::vector<double> std;
  ClassSplit train, val, test;  ///< val is without images in a dataset that has none
  std::string digest;           ///< hex; of pixels, labels and class names of all splits

  bool has(Split which) const;
  /// DataError if the dataset is without it.
  const ClassSplit& split(Split which) const;
  /// Whether it is a labeled dataset: its splits have the same classes in the same order, as those of MNIST. The
  /// splits of others, for few-shot learning, have classes of their own.
  bool is_labeled() const;
  std::int64_t height() const { return train.images.dim(1); }
  std::int64_t width() const { return train.images.dim(2); }
  std::int64_t channels() const { return train.images.dim(3); }
};

/// DataError if the splits share their classes: few-shot learning tests on classes that were not trained on.
void require_own_classes(const ClassDataset& dataset);
/// DataError unless the splits share their classes: a stream's labels mean the same in all of them.
void require_shared_classes(const ClassDataset& dataset);

/// Reads a packed class dataset (docs/file_formats.md, "classes"). Checks format, shapes, types, label ranges, empty
/// classes and equal image sizes before the pixels are read. DataError otherwise. Images of more than half of the
/// memory that is free stay in the file where their storage allows it.
ClassDataset read_class_dataset(const std::filesystem::path& path);
/// Writes one, whole or not at all; equal datasets give equal bytes.
void write_class_dataset(const ClassDataset& dataset, const std::filesystem::path& path, const std::string& generator);
/// Images have one to this many channels.
inline constexpr std::int64_t max_channels = 4;
/// A split has at most this many images: they are counted in 32 bits.
inline constexpr std::int64_t max_images = std::numeric_limits<std::int32_t>::max();
/// Sets `mean` and `std` from the training images: per channel, of pixels / 255.
void set_statistics(ClassDataset& dataset);
/// Sets `digest` from the content.
void set_digest(ClassDataset& dataset);
/// Sets the labels of its splits from its name.
void set_labels(ClassDataset& dataset);

/// Finds the file of a dataset named in a spec: a path if it has a '/' or ends in .h5, else NAME.h5 in the first of
/// data_folders() (io/data_folders.h) that has it. DataError listing the places looked at and how to make the file.
std::filesystem::path find_dataset(const std::string& name, const std::string& data_dir);

}  // namespace srwm
