#include "bench/flops.h"

namespace srwm {
namespace {

struct Count {
  double forward = 0;
  double first_convolution = 0;
};

Count conv4(const VisionOptions& options, ImageShape image, std::int64_t& features) {
  Count count;
  std::int64_t in = image.channels;
  for (int i = 0; i < 4; ++i) {
    const double flops = 2.0 * 9 * static_cast<double>(in * options.channels * image.height * image.width);
    count.forward += flops;
    if (i == 0) count.first_convolution = flops;
    in = options.channels;
    image.height /= 2;
    image.width /= 2;
  }
  features = options.channels * image.height * image.width;
  return count;
}

double linear(std::int64_t in, std::int64_t out) {
  return 2.0 * static_cast<double>(in * out);
}

/// Three products with the fast matrix per step: reading, retrieving, rewriting.
double fast_weight(const CoreOptions& core) {
  const std::int64_t d = core.hidden / core.heads;
  const std::int64_t rows = core.kind == CoreKind::srwm ? 3 * d + 4 : d;
  return 3 * linear(core.hidden, rows);
}

double core_forward(const CoreOptions& core, std::int64_t features) {
  const std::int64_t h = core.hidden;
  if (core.kind == CoreKind::lstm) {
    double flops = linear(features, 4 * h) + linear(h, 4 * h);
    return flops + static_cast<double>(core.layers - 1) * 2 * linear(h, 4 * h);
  }
  const double slow = core.kind == CoreKind::delta_net ? linear(h, 3 * h + core.heads) : 0;
  const double layer = slow + fast_weight(core) + linear(h, h) + 2 * linear(h, core.ff_factor * h);
  return linear(features, h) + static_cast<double>(core.layers) * layer;
}

}  // namespace

double training_flops_per_image(const FewShotModelOptions& model, const ImageShape& image, std::int64_t n_way) {
  std::int64_t features = 0;
  const Count vision = conv4(model.vision, image, features);
  const double rest = core_forward(model.core, features + n_way) + linear(model.core.hidden, n_way);
  return 3 * (vision.forward + rest) - vision.first_convolution;
}

}  // namespace srwm
