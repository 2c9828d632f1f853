// The interface of the networks that turn an image into features.
#pragma once

#include <cstdint>
#include <memory>

#include "autograd/tape.h"
#include "nn/layers.h"
#include "nn/options.h"
#include "nn/parameters.h"

namespace srwm {

struct ImageShape {
  std::int64_t height = 0, width = 0, channels = 0;
};

class ImageEncoder {
 public:
  virtual ~ImageEncoder() = default;
  virtual std::int64_t features() const = 0;
  /// Images [M, H, W, C] to features [M, features()].
  virtual Variable operator()(Tape& tape, const Variable& images, ForwardMode mode) const = 0;
};

/// Builds the encoder that the options name, for images of this shape. Throws SpecError if they are too small.
std::unique_ptr<ImageEncoder> make_image_encoder(ParameterSet& set, const VisionOptions& options,
                                                 const ImageShape& image, DropoutSites& sites);

}  // namespace srwm
