// Images of a pool, rotated by quarter turns, placed and normalized: out[p] = (images[index[p]] / 255 - mean_c) /
// std_c. A thread per element of the result.
#include "kernels/device.cuh"
#include "kernels/gather_images.h"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

/// The pixel in the stored image that (h, w) of the turned one is.
__device__ int turned_pixel(const Gather& g, int quarter_turns, int h, int w) {
  switch (quarter_turns) {
    case 1:  // out(h, w) = in(w, W - 1 - h)
      return w * g.width + g.width - 1 - h;
    case 2:
      return (g.height - 1 - h) * g.width + g.width - 1 - w;
    case 3:  // out(h, w) = in(H - 1 - w, h)
      return (g.height - 1 - w) * g.width + h;
    default:
      return h * g.width + w;
  }
}

/// A channel of a stored image, turned.
struct Turned {
  const Gather& g;
  const std::uint8_t* channel;
  int quarter_turns;

  __device__ float at(int h, int w) const {
    if (h < 0 || h >= g.height || w < 0 || w >= g.width) return 0;
    return channel[turned_pixel(g, quarter_turns, h, w) * g.channels];
  }
  /// Between w and w + 1 of a row.
  __device__ float between(int h, int w, float right) const {
    const float first = at(h, w);
    return first + right * (at(h, w + 1) - first);
  }
};

/// The value of an image read at its placement for pixel (h, w): mixed from four pixels.
__device__ float placed_value(const Turned& image, const float* placement, int h, int w) {
  const Gather& g = image.g;
  const float middle_h = 0.5f * (g.height - 1), middle_w = 0.5f * (g.width - 1);
  const float from_h = h - middle_h, from_w = w - middle_w;
  const float at_h = placement[0] * from_h + placement[1] * from_w + placement[2] + middle_h;
  const float at_w = placement[3] * from_h + placement[4] * from_w + placement[5] + middle_w;
  const float top = floorf(at_h), left = floorf(at_w);
  const float upper = image.between(static_cast<int>(top), static_cast<int>(left), at_w - left);
  const float lower = image.between(static_cast<int>(top) + 1, static_cast<int>(left), at_w - left);
  return upper + (at_h - top) * (lower - upper);
}

/// A thread per element of the result.
__global__ void gather_images_kernel(const __grid_constant__ Gather g) {
  const std::int64_t image = static_cast<std::int64_t>(g.height) * g.width * g.channels;
  for (std::int64_t i = thread_index(); i < g.positions * image; i += thread_count()) {
    const std::int64_t p = i / image, index = g.index != nullptr ? g.index[p] : p;
    if (index < 0) continue;
    const int element = static_cast<int>(i % image), c = element % g.channels, pixel = element / g.channels;
    const int h = pixel / g.width, w = pixel % g.width;
    const Turned turned{g, g.images + index * image + c, g.rotation != nullptr ? g.rotation[p] : 0};
    const float value = g.placement != nullptr ? placed_value(turned, g.placement + 6 * p, h, w) : turned.at(h, w);
    g.out[i] = (value / 255.0f - g.mean[c]) / g.std[c];
  }
}

}  // namespace

void gather_images(cudaStream_t stream, const Gather& gather) {
  const std::int64_t elements = gather.positions * gather.height * gather.width * gather.channels;
  launch("gather_images", gather_images_kernel, elementwise(elements), stream, gather);
}

}  // namespace srwm::cuda
