// Speed of training as users run it.
#pragma once

#include "bench/result.h"
#include "fewshot/data.h"
#include "spec/spec.h"

namespace srwm {

/// Training in a run folder of its own (below the folder for temporary files, removed afterwards): whole steps with
/// their reports every train.report_every steps, without validations and checkpoints. About `seconds`.
BenchResult bench_train(const ExperimentSpec& spec, Context& context, const FewShotData& data, double seconds);

}  // namespace srwm
