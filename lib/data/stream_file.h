// Labeled examples for a learning rule, stored in a file: for comparing programs on the same numbers.
#pragma once

#include <filesystem>
#include <string>

#include "core/tensor.h"
#include "data/online_stream.h"

namespace srwm {

/// Sequences of examples as a file of the format "stream" has them (docs/file_formats.md).
struct StreamFile {
  std::string path;
  std::int64_t classes = 0;
  Tensor inputs;  ///< f32 [E, T, A], as the rule sees them
  Tensor labels;  ///< i32 [E, T], 0 .. classes - 1
  Tensor cells;   ///< f32 [episodes, n]: what the cells hold before the first example; absent: zeros
  std::string digest;

  std::int64_t sequences() const { return inputs.dim(0); }
  EpisodeShape shape() const { return {.inputs = inputs.dim(2), .classes = classes}; }
  std::int64_t length() const { return inputs.dim(1); }
};

/// Numbers of 64 bits are rounded to 32. DataError naming the dataset if one is missing, of another type or shape, not
/// finite, or if a label is out of range.
StreamFile read_stream_file(const std::filesystem::path& path);

}  // namespace srwm
