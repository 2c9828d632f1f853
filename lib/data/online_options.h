// What a stream for online learning is made of: datasets and the variations that make tasks of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace srwm {

/// dataset: (pixel / 255 - mean) / std with the file's mean and std per channel. image: the same with the mean and
/// standard deviation over all pixels of the image itself, the latter at least 1 / sqrt(pixels), as
/// tf.image.per_image_standardization. none: pixel / 255.
enum class Normalize { dataset, image, none };

/// A task is a dataset and a variation of it. Task number i takes, as the digits of a number whose lowest digit comes
/// first, its dataset, its size and its list of classes; what remains of the number says whether the task is projected,
/// permuted or neither. So tasks 0, 1, ... hold every combination equally often.
struct OnlineOptions {
  /// Class datasets with the same classes in all splits, and the built-in ones: "glyphs", generated characters, of
  /// which a task has `glyph_classes` classes; "random", 20 fixed images of noise with fixed labels; "sum", noise
  /// without end, labeled with the sign of its sum.
  std::vector<std::string> datasets{"mnist"};
  Normalize normalize = Normalize::dataset;
  /// Task numbers are first_task .. first_task + tasks - 1; 0: every episode is a new task, with the episode's number.
  std::int64_t tasks = 128;
  std::int64_t first_task = 0;
  double project = 0.5;                            ///< share of tasks with x -> x R, see online_stream.h
  double permute_pixels = 0;                       ///< share of tasks whose pixels are in another order
  std::vector<std::int64_t> sizes;                 ///< images are resized to s x s; none: left as they are
  std::vector<std::vector<std::int64_t>> classes;  ///< lists of classes kept; a label is a position in the list
  bool permute_labels = false;                     ///< each task has an order of its own
  std::int64_t glyph_classes = 10;
  bool pad = false;            ///< zeros behind the inputs up to padded_inputs, and padded_classes classes
  std::string group = "data";  ///< of the spec, for messages: "data.project"
};

inline constexpr std::int64_t padded_inputs = 28 * 28;
inline constexpr std::int64_t padded_classes = 62;  ///< those of EMNIST
/// A task has at most this many classes.
inline constexpr std::int64_t max_online_classes = 256;

}  // namespace srwm
