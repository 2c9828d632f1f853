// Pictures at another size, as pack_folder.py makes the images of a dataset.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace srwm {

/// The middle of a picture u8 [H, W, C], as large a part as has the proportions wanted, resized to [height, width, C]:
/// convolution with the cubic kernel of Keys (1981, a = -0.5), widened by the factor by which the picture shrinks,
/// first along rows, then along columns, rounded to bytes after each. The numbers are those of Pillow's
/// ImageOps.fit(picture, (width, height), BICUBIC).
Tensor fit_picture(const Tensor& picture, std::int64_t height, std::int64_t width);

/// u8 [H, W, C] with 1 or 3 channels, made of a picture that has either: three equal ones, or their luma
/// (ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B).
Tensor with_channels(const Tensor& picture, std::int64_t channels);

}  // namespace srwm
