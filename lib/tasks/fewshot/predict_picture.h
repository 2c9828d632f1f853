// The picture of an episode with its answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/tensor.h"
#include "train/predict.h"

namespace srwm {

/// u8 [H, W, 3]: above, a row for each class with its support in a frame of the class's color, in the order of
/// `outcome.classes`; below, the queries in their order, each in the color of its answer over a bar that the
/// probabilities of the classes share. Small images are enlarged by a whole factor.
/// `images` u8 [N, h, w, C]: the support, class by class, then the queries.
Tensor draw_answers(const Tensor& images, const PredictOutcome& outcome);

}  // namespace srwm
