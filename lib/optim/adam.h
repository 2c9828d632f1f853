// The optimizer of the few-shot experiments.
#pragma once

#include "optim/optimizer.h"

namespace srwm {

/// Adam with optional clipping of the global gradient norm to options.clip_norm (torch.nn.utils.clip_grad_norm_). Its
/// state is exp_avg and exp_avg_sq, as in torch.optim.Adam.
class Adam final : public Optimizer {
 public:
  /// `hidden`: the model's width, for the Transformer warm-up.
  Adam(Context& context, ParameterSet& parameters, const OptimOptions& options, std::int64_t hidden);

 private:
  void send_numbers(Context& context, std::int64_t step, double rate) override;
  void update(Context& context, const Tensor& stats) override;

  OptimOptions options_;
  Tensor numbers_;
};

}  // namespace srwm
