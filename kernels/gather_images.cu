// Images of a pool, rotated by quarter turns and normalized: out[p] = (images[index[p]] / 255 - mean_c) / std_c. A
// thread per element of the result.
#include "kernels/device.cuh"
#include "kernels/gather_images.h"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

/// A thread per element of the result.
__global__ void gather_images_kernel(const __grid_constant__ Gather g) {
  const std::int64_t image = static_cast<std::int64_t>(g.height) * g.width * g.channels;
  for (std::int64_t i = thread_index(); i < g.positions * image; i += thread_count()) {
    const std::int64_t p = i / image, index = g.index != nullptr ? g.index[p] : p;
    if (index < 0) continue;
    const int element = static_cast<int>(i % image), c = element % g.channels, pixel = element / g.channels;
    const int h = pixel / g.width, w = pixel % g.width;
    int from = pixel;
    switch (g.rotation != nullptr ? g.rotation[p] : 0) {
      case 1:  // out(h, w) = in(w, W - 1 - h)
        from = w * g.width + g.width - 1 - h;
        break;
      case 2:
        from = g.height * g.width - 1 - pixel;
        break;
      case 3:  // out(h, w) = in(H - 1 - w, h)
        from = (g.height - 1 - w) * g.width + h;
        break;
    }
    const float byte = g.images[index * image + from * g.channels + c];
    g.out[i] = (byte / 255.0f - g.mean[c]) / g.std[c];
  }
}

}  // namespace

void gather_images(cudaStream_t stream, const Gather& gather) {
  const std::int64_t elements = gather.positions * gather.height * gather.width * gather.channels;
  launch("gather_images", gather_images_kernel, elementwise(elements), stream, gather);
}

}  // namespace srwm::cuda
