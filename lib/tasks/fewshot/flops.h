// Counting the arithmetic of a model.
#pragma once

#include "nn/image_encoder.h"
#include "nn/options.h"

namespace srwm {

/// Floating-point operations of training on one image, forward and backward: 2 for a multiply-add, direct convolutions
/// (whatever algorithm runs), every position of an episode computed in full, matrix products and fast-weight products
/// only, softmax attention not counted. Backward counts twice the forward, less the gradient of the images.
/// The paper's Omniglot SRWM takes 66 MFLOP.
double training_flops_per_image(const FewShotModelOptions& model, const ImageShape& image, std::int64_t n_way);

}  // namespace srwm
