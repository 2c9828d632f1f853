// What a look at all pixels says about a dataset: images that show nothing, and images that are there twice.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/class_dataset.h"

namespace srwm {

/// Blank images are not counted as equal ones. Groups of equal images count in full, in one place: across splits if
/// they are in several, else across classes. Examples are two classes, "train/a and test/b".
struct PixelCounts {
  std::array<std::int64_t, std::size(all_splits)> blank{};  ///< images of each split whose pixels are all alike
  std::int64_t across_classes = 0;                          ///< images that are in several classes of one split
  std::int64_t across_splits = 0;                           ///< images that are in several splits
  std::string classes_example, splits_example;
};

PixelCounts count_pixels(const ClassDataset& dataset, int threads);

/// How many names of classes are in more than one split, and the first of them; none in a labeled dataset, where all
/// are meant to be.
struct SharedNames {
  std::int64_t count = 0;
  std::string first;
};

SharedNames count_shared_names(const ClassDataset& dataset);

/// A line without a full stop for each thing that a dataset of photographs or drawings should not have: blank images,
/// images or names of classes that are in several splits, ... Reads every pixel.
std::vector<std::string> describe_suspicions(const ClassDataset& dataset, int threads);

}  // namespace srwm
