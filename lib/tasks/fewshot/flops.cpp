#include "tasks/fewshot/flops.h"

#include "nn/res12.h"

namespace srwm {
namespace {

struct Count {
  double forward = 0;
  double without_gradient = 0;  ///< of it, convolutions of the image itself, to which no gradient goes back
};

double convolution(const ImageShape& image, std::int64_t taps, std::int64_t out) {
  return 2.0 * static_cast<double>(taps * image.channels * out * image.height * image.width);
}

/// The map that a block leaves: half the size, `channels` channels.
void pool(ImageShape& image, std::int64_t channels) {
  image = {image.height / 2, image.width / 2, channels};
}

Count conv4_flops(const VisionOptions& options, ImageShape image, std::int64_t& features) {
  Count count;
  for (int i = 0; i < 4; ++i) {
    const double flops = convolution(image, 9, options.channels);
    count.forward += flops;
    if (i == 0) count.without_gradient = flops;
    pool(image, options.channels);
  }
  features = options.channels * image.height * image.width;
  return count;
}

Count res12_flops(const VisionOptions& options, ImageShape image, std::int64_t& features) {
  Count count;
  for (const std::int64_t out : Res12::channels(options)) {
    const double of_input = convolution(image, 9, out) + convolution(image, 1, out);
    if (count.forward == 0) count.without_gradient = of_input;
    image.channels = out;
    count.forward += of_input + 2 * convolution(image, 9, out);
    pool(image, out);
  }
  features = image.channels;
  return count;
}

double linear(std::int64_t in, std::int64_t out) {
  return 2.0 * static_cast<double>(in * out);
}

/// Products with the fast matrix per step: reading, rewriting and, but for the additive one, retrieving. What softmax
/// attention computes depends on the length of the sequence, and is left out.
double fast_weight(const CoreOptions& core) {
  const std::int64_t d = core.hidden / core.heads;
  switch (core.kind) {
    case CoreKind::srwm:
      return 3 * linear(core.hidden, 3 * d + 4);
    case CoreKind::delta_net:
      return 3 * linear(core.hidden, d);
    case CoreKind::linear_transformer:
      return 2 * linear(core.hidden, d);
    default:
      return 0;
  }
}

/// The projection that a layer's memory is driven by; an SRWM makes its own.
double slow_net(const CoreOptions& core) {
  if (core.kind == CoreKind::srwm) return 0;
  return linear(core.hidden, 3 * core.hidden + (core.kind == CoreKind::delta_net ? core.heads : 0));
}

double core_forward(const CoreOptions& core, std::int64_t features) {
  const std::int64_t h = core.hidden;
  if (core.kind == CoreKind::lstm) {
    double flops = linear(features, 4 * h) + linear(h, 4 * h);
    return flops + static_cast<double>(core.layers - 1) * 2 * linear(h, 4 * h);
  }
  const double layer = slow_net(core) + fast_weight(core) + linear(h, h) + 2 * linear(h, core.ff_factor * h);
  return linear(features, h) + static_cast<double>(core.layers) * layer;
}

}  // namespace

double training_flops_per_image(const FewShotModelOptions& model, const ImageShape& image, std::int64_t n_way) {
  std::int64_t features = 0;
  const Count vision = model.vision.kind == VisionKind::res12 ? res12_flops(model.vision, image, features)
                                                              : conv4_flops(model.vision, image, features);
  const double rest = core_forward(model.core, features + n_way) + linear(model.core.hidden, n_way);
  return 3 * (vision.forward + rest) - vision.without_gradient;
}

}  // namespace srwm
