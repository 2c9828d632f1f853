// The optimizer of the few-shot experiments.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/parameters.h"
#include "ops/context.h"
#include "ops/update.h"
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

  /// Counts a step and sends what it needs to the device; returns its learning rate. Then comes `apply`.
  double prepare(Context& context);
  /// Updates all parameters from their gradients and notes the norm in `ledger` (f64 [Ledger::size]), unless that or
  /// ledger's loss is not finite; then nothing is changed but ledger's bad_step. Waits for nothing: can be recorded.
  void apply(Context& context, const Tensor& ledger);

  /// Both at once, and what came of it. If the norm is not finite the step does not count.
  StepReport step(Context& context);

  std::int64_t steps_done() const { return steps_done_; }
  void set_steps_done(std::int64_t steps) { steps_done_ = steps; }

  /// Value, gradient and moments of each parameter, in the order of the ParameterSet; what a checkpoint stores.
  const std::vector<UpdatedTensors>& tensors() const { return tensors_; }

 private:
  ParameterSet& parameters_;
  OptimOptions options_;
  std::int64_t hidden_;
  std::vector<UpdatedTensors> tensors_;
  Tensor plan_, numbers_, ledger_;
  std::int64_t steps_done_ = 0;
};

}  // namespace srwm
