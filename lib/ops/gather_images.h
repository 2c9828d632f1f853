// Episodes' images from a pool: a function without a gradient, in every backend.
#pragma once

#include <array>

#include "core/tensor.h"
#include "ops/context.h"

namespace srwm {

/// out[p] = the image index[p] of the pool, turned by rotation[p] quarter turns counter-clockwise; each pixel becomes
/// (pixel / 255 - mean_c) / std_c in the arithmetic of out's type, in this order. All tensors are on one device.
/// Without `index` all images of the pool in their order, without `rotation` none turned. With `placement`, pixel
/// (h, w) is read from the turned image at (a h + b w + c, d h + e w + f), both counted from the center of the image,
/// where (a, ..., f) = placement[p]: mixed bilinearly from the four pixels around it, those outside being 0.
struct GatherImages {
  static constexpr int max_channels = 4;
  Tensor images;  ///< u8 [N, H, W, C], C <= max_channels
  /// i32 [P] in [0, N), or below 0: out[p] is left as it is, for images from another pool; or absent: P = N.
  Tensor index;
  Tensor rotation;   ///< u8 [P] of 0..3, even where H and W differ; or absent
  Tensor placement;  ///< f32 [P, 6], only for `out` of real type; or absent
  std::array<double, max_channels> mean{}, std{1, 1, 1, 1};
  Tensor out;  ///< [P, H, W, C] of real type; on the CPU also u8: the pixels as they are

  std::int64_t positions() const { return index ? index.numel() : images.dim(0); }
  /// InternalError unless the shapes fit.
  void check() const;
};

/// The body for host tensors of any type.
void gather_images_on_host(int threads, const GatherImages& gather);

}  // namespace srwm
