// The optimizer of the reinforcement-learning experiments.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/parameters.h"
#include "ops/context.h"
#include "ops/update.h"
#include "optim/options.h"

namespace srwm {

/// rate (1 - done / total): the learning rate after `done` of `total` environment steps, 0 beyond.
double linear_decay(double rate, std::int64_t done, std::int64_t total);

/// torch.optim.RMSprop without momentum, with clipping of the global gradient norm to options.clip_norm
/// (torch.nn.utils.clip_grad_norm_). A parameter that received no gradient counts as having a zero one. Same division
/// of labour as Adam: what is on the device in `apply` can be recorded and replayed.
class RmsProp {
 public:
  RmsProp(Context& context, ParameterSet& parameters, const RmsPropOptions& options);

  /// Counts a step and sends its learning rate to the device. Then comes `apply`.
  void prepare(Context& context, double rate);
  /// Updates all parameters from their gradients and notes the norm in `ledger` (f64 [Ledger::size]), unless that or
  /// ledger's loss is not finite; then nothing is changed but ledger's bad_step.
  void apply(Context& context, const Tensor& ledger);

  /// Both at once; gives the norm of the gradient before clipping. If it is not finite the step does not count.
  double step(Context& context, double rate);

  std::int64_t steps_done() const { return steps_done_; }
  void set_steps_done(std::int64_t steps) { steps_done_ = steps; }

  /// Value, gradient and `v`, torch's square_avg, of each parameter in the order of the ParameterSet. A checkpoint
  /// stores them as square_avg.<parameter>.
  const std::vector<UpdatedTensors>& tensors() const { return tensors_; }

 private:
  ParameterSet& parameters_;
  RmsPropOptions options_;
  std::vector<UpdatedTensors> tensors_;
  Tensor plan_, numbers_, ledger_;
  std::int64_t steps_done_ = 0;
};

}  // namespace srwm
