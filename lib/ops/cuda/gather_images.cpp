#include "ops/cuda/gather_images.h"

#include "kernels/gather_images.h"
#include "ops/cuda/queue.h"

namespace srwm::cuda {

void gather_images_body(Context& context, const GatherImages& gather) {
  gather.check();
  const Tensor& images = gather.images;
  Gather g{.images = images.data<std::uint8_t>(),
           .index = gather.index.data<std::int32_t>(),
           .rotation = gather.rotation.data<std::uint8_t>(),
           .placement = gather.placement.data<float>(),
           .mean = {},
           .std = {},
           .out = gather.out.data<float>(),
           .positions = gather.positions(),
           .height = static_cast<int>(images.dim(1)),
           .width = static_cast<int>(images.dim(2)),
           .channels = static_cast<int>(images.dim(3))};
  for (std::size_t c = 0; c < GatherImages::max_channels; ++c) {
    g.mean[c] = static_cast<float>(gather.mean[c]);
    g.std[c] = static_cast<float>(gather.std[c]);
  }
  gather_images(stream_of(context), g);
}

}  // namespace srwm::cuda
