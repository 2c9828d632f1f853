// The networks that learned learning rules are compared with (section 4 of arXiv 2012.14905 and its code): recurrent or
// with fast weights, they are told their error and label, and their slow weights are meta-trained.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/shape.h"
#include "data/online_stream.h"

namespace srwm {

enum class BaselineKind { meta_rnn, hebbian, fw_memory, fwp };

struct BaselineOptions {
  BaselineKind kind = BaselineKind::meta_rnn;
  std::int64_t lstm_units = 128;  ///< of meta_rnn and fw_memory
  std::int64_t micro_ticks = 2;   ///< of meta_rnn
  bool oja = true;                ///< of hebbian: else the plain Hebbian update
  std::int64_t memory = 16;       ///< of fw_memory: rows of the memory, and the length of half a key
  std::int64_t fast_size = 64;    ///< of fwp: the length of a key
  bool convolutions = false;      ///< of all but fwp: three in front
  double bound = 100;             ///< logits are bound * tanh(z / bound); 0: z
};

/// A parameter as the authors' code has it, in the order of theta.
struct BaselineParameter {
  std::string name;
  Shape shape;
  double deviation = 0;  ///< of a truncated normal that it is drawn from; 0: a constant
  double constant = 0;
};

/// The parameters for examples of this shape. SpecError if convolutions do not fit it.
std::vector<BaselineParameter> baseline_parameters(const BaselineOptions& options, const EpisodeShape& shape);

/// What a network is told of an example once its label is known; zeros before the first. [classes] each.
template <typename Real>
struct Feedback {
  explicit Feedback(std::int64_t classes)
      : logits(static_cast<std::size_t>(classes)), error(logits.size()), label(logits.size()) {}

  std::vector<Real> logits;  ///< bounded
  std::vector<Real> error;   ///< softmax(logits) - label
  std::vector<Real> label;   ///< one-hot
};

/// One network in one episode. Real: float, or double for tests. Backward calls undo the forward calls in reverse
/// order.
template <typename Real>
class BaselineNet {
 public:
  virtual ~BaselineNet() = default;
  /// Raw outputs [classes] for an example x [inputs], of which only the feedback of the example before is known.
  virtual void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) = 0;
  /// The label of the example just predicted is known.
  virtual void learn(const Feedback<Real>& now) { static_cast<void>(now); }

  /// Sets dL/d logits and error of `before` of the last prediction, from dL/d its raw outputs; adds to the gradient.
  virtual void predict_backward(std::span<const Real> dL_dout, Feedback<Real>& dL_dbefore) = 0;
  /// Adds dL/d error of `now` of the last `learn` to `dL_dnow`.
  virtual void learn_backward(Feedback<Real>& dL_dnow) { static_cast<void>(dL_dnow); }
};

/// The numbers of baseline_parameters, [n], and, where a network is trained by backpropagation, the gradient that it
/// adds up. They must outlive the network.
template <typename Real>
struct BaselineTheta {
  const Real* values;
  Real* gradient = nullptr;
};

/// `fast_weights`: F before the first example, [fast_size, classes], of fwp alone.
template <typename Real>
std::unique_ptr<BaselineNet<Real>> make_baseline_net(const BaselineOptions& options, const EpisodeShape& shape,
                                                     const BaselineTheta<Real>& theta,
                                                     std::span<const Real> fast_weights);

/// Runs an episode: x [T, inputs], logits [T, classes], each made before its label was seen.
template <typename Real>
void run_baseline(BaselineNet<Real>& net, double bound, std::span<const Real> x, std::span<const std::int32_t> labels,
                  std::span<Real> logits);

/// After run_baseline on a network with a gradient: adds that of sum_t weights[t] times the cross-entropy of example t,
/// through all of time. `logits` are those of run_baseline.
template <typename Real>
void baseline_backward(BaselineNet<Real>& net, double bound, std::span<const std::int32_t> labels,
                       std::span<const Real> logits, std::span<const double> weights);

}  // namespace srwm
