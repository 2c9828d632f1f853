// Networks that learn by gradient descent while a stream is running: what learned learning rules are compared with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace srwm {

enum class OnlineRule { sgd, adam };

/// A dense network of one or two layers, trained one example at a time.
struct OnlineNetOptions {
  OnlineRule rule = OnlineRule::sgd;
  std::int64_t layers = 1;                        ///< 1 or 2
  std::int64_t hidden = 160;                      ///< tanh units between two layers
  double rate = 0.01;                             ///< published: 0.01 for SGD, 0.001 for Adam
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;  ///< of Adam
  double bound = 100;                             ///< logits are bound * tanh(z / bound); 0: z
};

/// z = W_2 tanh(W_1 x + b_1) + b_2, or W_1 x + b_1. An example is predicted first; then the parameters take one step on
/// its cross-entropy, as torch.optim.SGD without momentum or torch.optim.Adam would.
class OnlineNet {
 public:
  /// Weights are truncated normals with standard deviation 1 / sqrt(inputs of the layer), cut at two of them, as
  /// Haiku's Linear draws them, from `seed`; biases are 0.
  OnlineNet(const OnlineNetOptions& options, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed);

  /// Parameters of the published networks: 7,850 for 784-10, 127,210 for 784-160-10.
  std::int64_t count() const { return static_cast<std::int64_t>(initial_.size()); }

  /// Learns a stream of labels.size() examples, x [T, inputs], from the initial weights on, and writes the logits
  /// [T, outputs] that were made before each label was seen. Several threads may call it at once.
  void learn(std::span<const float> x, std::span<const std::int32_t> labels, std::span<float> logits) const;

 private:
  class Learner;

  OnlineNetOptions options_;
  std::int64_t inputs_, outputs_, hidden_;  ///< hidden_ 0: one layer
  std::vector<float> initial_;              ///< layer by layer: weights [out, in], biases
};

}  // namespace srwm
