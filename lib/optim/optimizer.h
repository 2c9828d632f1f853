// What every optimizer is: state tensors with names, a step that is prepared on the host, and an update on the device.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/named_tensor.h"
#include "nn/parameters.h"
#include "ops/context.h"
#include "ops/update.h"
#include "optim/schedule.h"

namespace srwm {

/// What one step did, for the metrics.
struct StepReport {
  double rate = 0;
  double grad_norm = 0;  ///< global norm before clipping; not finite if any gradient is not
};

/// A parameter that received no gradient counts as having a zero one.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Counts a step and sends the numbers that it needs to the device; returns its learning rate. Then comes `apply`.
  double prepare(Context& context);
  /// Updates all parameters from their gradients and notes the norm in `stats` (f64 [StepStats::sums] or more), unless
  /// that or the loss in `stats` is not finite; then nothing changes but the bad_step of `stats`. Does not wait for the
  /// device: can be recorded.
  void apply(Context& context, const Tensor& stats);

  /// Both at once, and what came of it. If the norm is not finite the step does not count.
  StepReport step(Context& context);

  std::int64_t steps_done() const { return steps_done_; }
  void set_steps_done(std::int64_t steps) { steps_done_ = steps; }

  /// Value, gradient and state of each parameter, in the order of the ParameterSet.
  const std::vector<UpdatedTensors>& tensors() const { return tensors_; }
  /// The state under the names that checkpoints use: "<name>.<parameter>", name as in the state_dict of torch.optim.
  std::vector<NamedTensor> state() const;

 protected:
  /// A state tensor that each parameter has, and its place.
  struct StateName {
    const char* name;
    Tensor UpdatedTensors::*tensor;
  };
  /// Allocates the state of `names`, zeros.
  Optimizer(Context& context, ParameterSet& parameters, const Schedule& schedule, std::span<const StateName> names);

  const Tensor& plan() const { return plan_; }

 private:
  virtual void send_numbers(Context& context, std::int64_t step, double rate) = 0;
  virtual void update(Context& context, const Tensor& stats) = 0;

  ParameterSet& parameters_;
  Schedule schedule_;
  std::span<const StateName> names_;
  std::vector<UpdatedTensors> tensors_;
  Tensor plan_, stats_;
  std::int64_t steps_done_ = 0;
};

}  // namespace srwm
