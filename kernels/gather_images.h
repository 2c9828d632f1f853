// Episodes' images from a pool of bytes.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct Gather {
  const std::uint8_t* images;    ///< [N, H, W, C]
  const std::int32_t* index;     ///< [P]; below 0: out[p] is left as it is; or nullptr: 0, 1, ...
  const std::uint8_t* rotation;  ///< [P] quarter turns counter-clockwise, or nullptr: none
  const float* placement;        ///< [P, 6]: ops/gather_images.h; or nullptr: pixels as they lie
  float mean[4], std[4];
  float* out;  ///< [P, H, W, C]
  std::int64_t positions;
  int height, width, channels;
};

/// out[p] = (turned and placed image index[p] / 255 - mean) / std.
void gather_images(cudaStream_t stream, const Gather& gather);

}  // namespace srwm::cuda
