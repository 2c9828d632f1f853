// The state of reinforcement learning as a checkpoint, and back.
#pragma once

#include "rl/learner.h"
#include "run/checkpoint.h"

namespace srwm {

/// Model and optimizer tensors of a checkpoint, on the host; the optimizer's are named "square_avg.<parameter>" after
/// torch.optim.RMSprop's.
Checkpoint snapshot(Context& context, const RlLearner& learner);

/// Copies the model's tensors from a checkpoint. DataError naming the tensor if one is missing or has
/// another shape.
void restore_model(Context& context, const Checkpoint& checkpoint, RlLearner& learner);
/// The same for the optimizer, its number of steps included.
void restore_optimizer(Context& context, const Checkpoint& checkpoint, RlLearner& learner);

}  // namespace srwm
