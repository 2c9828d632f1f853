// Cloning backpropagation (section 3.2 of arXiv 2012.14905): sub-RNNs trained so that running them is gradient descent.
#pragma once

#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "ops/vsml.h"
#include "tasks/vsml/clone_options.h"
#include "tasks/vsml/sub_rnn_ticks.h"

namespace srwm {

/// What a sub-RNN between input x and output with error e does as part of a network trained by gradient descent: its
/// cells 0 and 1 are a weight w and a bias b;
///     forward tick, whatever backward message is there:  message out = tanh(x) w + b,  w and b stay;
///     reverse tick:  message out = (1 - tanh(x)^2) w e,  w <- w - alpha e tanh(x),  b <- b - alpha_b e.
/// Messages are components 0; all others are 0. With messages added up that is back-propagation in the network
/// y_b = sum_a tanh(x_a) w_ab + b_ab, layer by layer.
///
/// The loss of a sub-RNN is the mean over its examples of the squared errors of w and b after both ticks, measured in
/// units of alpha, of those of both messages, and a tenth of the squares of the other components. Errors count nearly
/// relative to what is learned, since small ones add up over many images and many sub-RNNs: those of a message by
/// 1 / (x^2 + 0.01) for w, b of size x, those of steps by 0.1 / (e^2 + 0.0025). Sub-RNNs start with random w and b and
/// see random x, e and left-over backward messages, of scales that differ from one to the next.
class CloneLoss {
 public:
  /// `network`: its message and cell sizes and micro ticks; it has two sets of parameters, for forward and reverse
  /// ticks.
  CloneLoss(const Vsml& network, const CloneOptions& options);

  std::int64_t parameters() const { return 2 * set_size_; }
  /// Mean loss of sub_rnn_lanes sub-RNNs, which `seed`, `number` and `part` choose; adds `weight` times its gradient to
  /// dL_dtheta [parameters()].
  double add_gradient(std::uint64_t seed, std::int64_t number, std::int64_t part, const float* theta, double weight,
                      float* dL_dtheta) const;

 private:
  struct Example;
  struct Chunk;
  struct TickTarget;
  Chunk draw(RandomSequence& random) const;
  void run(Example& example, Chunk& chunk, const float* theta) const;
  double through_tick(const TickTarget& target, double scale, const float* theta, SubRnnGradient& gradient,
                      std::vector<Lanes>& dL_dmessages, float* dL_dtheta) const;
  void clear_messages(SubRnnGradient& gradient) const;

  CloneOptions options_;
  SubRnnTicks ticks_;
  std::size_t message_, state_;
  std::int64_t set_size_;
};

/// Sets the biases of the gates of both sets so that cells 0 and 1 keep exactly what they hold, forward ticks write
/// nothing into them, and the others forget: from there cloning gets much further than from zeros, and weights do not
/// drift.
void initialize_clone(const Vsml& network, float* theta);

}  // namespace srwm
