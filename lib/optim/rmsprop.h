// The optimizer of the reinforcement-learning experiments.
#pragma once

#include "optim/optimizer.h"

namespace srwm {

/// torch.optim.RMSprop without momentum, with clipping of the global gradient norm to options.clip_norm
/// (torch.nn.utils.clip_grad_norm_). Its state is square_avg.
class RmsProp final : public Optimizer {
 public:
  RmsProp(Context& context, ParameterSet& parameters, const RmsPropOptions& options, const Schedule& schedule);

 private:
  void send_numbers(Context& context, std::int64_t step, double rate) override;
  void update(Context& context, const Tensor& stats) override;

  RmsPropOptions options_;
  Tensor numbers_;
};

}  // namespace srwm
