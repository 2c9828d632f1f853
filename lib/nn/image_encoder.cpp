#include "nn/image_encoder.h"

#include "core/error.h"
#include "nn/conv4.h"
#include "nn/res12.h"

namespace srwm {
namespace {

constexpr int halvings = 4;  // both encoders pool four times

void check_size(const VisionOptions& options, const ImageShape& image) {
  if ((image.height >> halvings) >= 1 && (image.width >> halvings) >= 1) return;
  throw SpecError(
      "model.vision.kind \"{}\" halves the image four times and needs at least 16x16 pixels; the dataset "
      "has {}x{}. Pack it with larger images.",
      name_of(options.kind), image.height, image.width);
}

}  // namespace

std::unique_ptr<ImageEncoder> make_image_encoder(ParameterSet& set, const VisionOptions& options,
                                                 const ImageShape& image, DropoutSites& sites) {
  check_size(options, image);
  switch (options.kind) {
    case VisionKind::conv4:
      return std::make_unique<Conv4>(set, options, image, sites);
    case VisionKind::res12:
      return std::make_unique<Res12>(set, options, image, sites);
  }
  throw InternalError("unknown kind of image encoder");
}

}  // namespace srwm
