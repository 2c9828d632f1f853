// The architectures as drawings, for `srwm config explain` and docs/models.md.
#pragma once

#include <span>

#include "spec/fields.h"

namespace srwm {

/// All drawings; every value of model.vision.kind and model.core.kind has one.
std::span<const Picture> fewshot_pictures();

}  // namespace srwm
