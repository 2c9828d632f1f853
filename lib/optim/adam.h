// The optimizer of the few-shot experiments.
#pragma once

#include <cstdint>
#include <vector>

#include "core/context.h"
#include "nn/parameters.h"
#include "optim/options.h"

namespace srwm {

/// Learning rate of optimizer step `step`, counted from 1. `hidden` is the model's width, for the Transformer warm-up
/// (Vaswani et al., 2017): hidden^-0.5 min(step^-0.5, step warmup_steps^-1.5).
double learning_rate(const OptimOptions& options, std::int64_t hidden, std::int64_t step);

/// What one step did, for the metrics.
struct StepReport {
  double rate = 0;
  double grad_norm = 0;  ///< global norm before clipping; not finite if any gradient is not
};

/// Adam with optional clipping of the global gradient norm to options.clip_norm (torch.nn.utils.clip_grad_norm_).
/// A parameter that received no gradient counts as having a zero one: its moments decay.
class Adam {
 public:
  Adam(Context& context, ParameterSet& parameters, const OptimOptions& options, std::int64_t hidden);

  /// Updates all parameters from their gradients unless the norm is not finite; then nothing is changed.
  StepReport step(Context& context);

  std::int64_t steps_done() const { return steps_done_; }
  void set_steps_done(std::int64_t steps) { steps_done_ = steps; }

  struct Moments {
    Tensor m, v;
  };
  /// Moments of each parameter, in the order of the ParameterSet; what a checkpoint stores.
  const std::vector<Moments>& moments() const { return moments_; }

 private:
  double global_norm(Context& context);

  ParameterSet& parameters_;
  OptimOptions options_;
  std::int64_t hidden_;
  std::vector<Moments> moments_;
  std::int64_t steps_done_ = 0;
};

}  // namespace srwm
