// Finding where a number stopped being finite.
#pragma once

#include <string>

#include "fewshot/learner.h"

namespace srwm {

/// Runs forward and backward once more with every tensor watched and says in words where the first NaN or infinity is:
/// "output 0 of srwm in layers.0", "the parameter layers.0.W_y", ... The gradients are left in an undefined state.
std::string find_first_bad_tensor(Context& context, FewShotLearner& learner, const EpisodeBatch& batch,
                                  const ImagePool& pool);

/// The same for a prediction: forward only, in evaluation mode.
std::string find_first_bad_tensor_of_prediction(Context& context, FewShotLearner& learner, const EpisodeBatch& batch,
                                                const ImagePool& pool);

}  // namespace srwm
