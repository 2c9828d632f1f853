// The state of few-shot training as a checkpoint, and back.
#pragma once

#include "fewshot/learner.h"
#include "optim/adam.h"
#include "run/checkpoint.h"

namespace srwm {

/// Model and optimizer tensors of a checkpoint, on the host; on the CPU they share memory with the model. The
/// optimizer's are named "exp_avg.<parameter>" and "exp_avg_sq.<parameter>" after torch.optim.Adam's.
Checkpoint snapshot(Context& context, const FewShotLearner& learner, const Adam& adam);

/// Copies the model's tensors from a checkpoint. DataError naming the tensor if one is missing or has
/// another shape.
void restore_model(Context& context, const Checkpoint& checkpoint, FewShotLearner& learner);
/// The same for the optimizer, its number of steps included.
void restore_optimizer(Context& context, const Checkpoint& checkpoint, const FewShotLearner& learner, Adam& adam);

}  // namespace srwm
