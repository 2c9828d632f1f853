// Training sub-RNNs to be weights under gradient descent, a pass at a time.
#pragma once

#include <vector>

#include "tasks/vsml/clone.h"
#include "tasks/vsml/vsml_rule.h"

namespace srwm {

class CloneTraining {
 public:
  /// Starts the rule's parameters from initialize_clone. The rule must live longer.
  CloneTraining(Context& context, const VsmlSpec& spec, VsmlRule& rule);

  /// Loss and gradient of pass `number`: the mean over the sub-RNNs of a batch. Returns the loss.
  double gradient(Context& context, std::int64_t number);
  /// The loss alone.
  double loss(Context& context, std::int64_t number);

 private:
  double add_up(Context& context, std::int64_t number, Tensor& dL_dtheta);

  VsmlRule& rule_;
  CloneLoss loss_;
  std::uint64_t seed_;
  std::int64_t parts_;            ///< of a batch, sub_rnn_lanes each
  std::vector<float> gradients_;  ///< of each part
  std::vector<double> losses_;
};

}  // namespace srwm
