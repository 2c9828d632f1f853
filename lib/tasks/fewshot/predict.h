// Labeled pictures in, labels of others out.
#pragma once

#include "train/predict.h"

namespace srwm {

/// One episode of the request's pictures: the support in a random order, then each query by itself after it, as the
/// protocol of the spec has it. Pictures become images of the size and channels that the model was trained on: their
/// middle, resized with antialiasing (data/bicubic.h). DataError for a folder without classes or a file that is
/// no PNG; UsageError if there are not as many classes as the model tells apart.
PredictOutcome predict_pictures(const PredictRequest& request);

}  // namespace srwm
