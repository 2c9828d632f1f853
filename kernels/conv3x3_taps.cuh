// Which pixel a tap of a 3x3 window is.
#pragma once

#include "kernels/conv3x3.h"

namespace srwm::cuda {

/// The sizes of an image in the type that index arithmetic is done in.
struct ImageSize {
  int height, width;

  explicit ImageSize(const ConvShape& shape)
      : height(static_cast<int>(shape.height)), width(static_cast<int>(shape.width)) {}
};

/// A pixel's place in its image.
struct Place {
  int h, w;

  __device__ Place(int pixel, const ImageSize& image) : h(pixel / image.width % image.height), w(pixel % image.width) {}

  /// Whether tap 3 r + s of this pixel lies inside the image.
  __device__ bool has_tap(int r, int s, const ImageSize& image) const {
    return static_cast<unsigned>(h + r - 1) < static_cast<unsigned>(image.height) &&
           static_cast<unsigned>(w + s - 1) < static_cast<unsigned>(image.width);
  }
};

/// Offset in pixels of tap 3 r + s from its pixel.
__device__ __forceinline__ int tap_offset(int r, int s, const ImageSize& image) {
  return (r - 1) * image.width + s - 1;
}

}  // namespace srwm::cuda
