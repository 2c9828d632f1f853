// A picture of a dataset's images.
#pragma once

#include <cstdint>

#include "data/class_dataset.h"
#include "data/sampler.h"

namespace srwm {

/// A picture u8 [H, W, C] of images u8 [N, h, w, c], row by row, `columns` in each row.
Tensor contact_sheet(const Tensor& images, std::int64_t columns);
/// A picture u8 [H, W, C] (C 1 or 3) of the first images of a split's classes: a row per class, a column per image.
/// At most `classes` rows, chosen at equal distances over the split, and `images` columns.
Tensor contact_sheet(const ClassSplit& split, std::int64_t classes, std::int64_t images);
/// The first episodes of a file: a row per episode, a column per position.
Tensor contact_sheet(const EpisodeFile& episodes, std::int64_t rows);

}  // namespace srwm
