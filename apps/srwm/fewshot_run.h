// One few-shot training run of the command line, in its folder.
#pragma once

#include <string>

#include "core/context.h"
#include "fewshot/data.h"
#include "run/log.h"
#include "run/run_folder.h"
#include "run/signals.h"
#include "spec/spec.h"

namespace srwm {

struct FewShotRun {
  ExperimentSpec spec;
  RunPaths paths;
  bool resume = false;
  std::string init_from;  ///< checkpoint whose model to start from; empty: none
};

/// Whether the folder's run has ended as its spec asks for. One that ended with fewer steps goes on.
bool is_complete(const FewShotRun& run);

/// Trains to the end and marks the folder done. Errors of FewShotTrainer and RunFolder; a WriteError says how to go on.
void train(const FewShotRun& run, Context& context, const FewShotData& data, Logger& logger, StopRequest& stop);

}  // namespace srwm
