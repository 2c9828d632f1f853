// Speed of training as users run it.
#pragma once

#include "bench/result.h"
#include "train/task_type.h"

namespace srwm {

/// Training in a run folder that is removed afterwards (below the folder for temporary files): whole steps with their
/// reports every train.report_every steps, without validations and checkpoints. About `seconds`.
BenchResult bench_train(const AnySpec& spec, const TaskType& type, Context& context,
                        const std::shared_ptr<const TaskData>& data, double seconds);

}  // namespace srwm
