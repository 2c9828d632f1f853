// The trained tensors of a model and the running statistics that go with them.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "autograd/tape.h"
#include "core/rng.h"
#include "ops/context.h"

namespace srwm {

struct Parameter {
  std::string name;  ///< as in the authors' PyTorch state_dict
  Tensor value;
  GradSlot slot;  ///< its gradient, in persistent memory

  /// The parameter on a tape.
  Variable on(Tape& tape) { return Variable(value, tape.recording() ? &slot : nullptr); }
};

/// A tensor that is saved with the model but not trained.
struct StateTensor {
  std::string name;
  Tensor value;
  double momentum;  ///< a training pass makes it (1 - momentum) value + momentum x, x being what the pass has seen
};

/// All tensors of one model in the order of their creation. References stay valid as it grows. Initial values depend on
/// the seed and on the number of parameters created before, nothing else.
class ParameterSet {
 public:
  ParameterSet(Context& context, std::uint64_t seed) : context_(&context), seed_(seed) {}
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  /// Elements uniform in [-bound, bound): PyTorch's default for Linear, Conv2d and LSTM.
  Parameter& uniform(std::string name, Shape shape, double bound);
  /// Elements normal with this mean and standard deviation.
  Parameter& normal(std::string name, Shape shape, double mean, double std);
  /// Elements normal with mean 0 and standard deviation `std`, cut at two of them: Haiku's default for Linear and LSTM
  /// is std = 1 / sqrt(inputs).
  Parameter& truncated_normal(std::string name, Shape shape, double std);
  Parameter& constant(std::string name, Shape shape, double value);
  /// A running statistic; `momentum` as in BatchNormState.
  Tensor& state(std::string name, Shape shape, double value, double momentum);

  std::deque<Parameter>& parameters() { return parameters_; }
  const std::deque<Parameter>& parameters() const { return parameters_; }
  const std::deque<StateTensor>& states() const { return states_; }
  std::int64_t count() const;  ///< number of trained scalars

  /// Marks all gradients as zero: the next backward pass overwrites them.
  void zero_grad();
  /// Takes all gradients from `flat`, [count()] on the host: parameter after parameter, in their order.
  void set_gradients(Context& context, const Tensor& flat);
  /// Zeroes the gradients that no backward pass has written since `zero_grad`; they count as written. Can be recorded.
  void zero_missing_gradients(Context& context);

 private:
  Parameter& add(std::string name, Shape shape);
  template <typename Draw>
  void fill(const Tensor& tensor, const Draw& draw);
  RandomSequence random() const;

  Context* context_;
  std::uint64_t seed_;
  std::deque<Parameter> parameters_;
  std::deque<StateTensor> states_;
};

}  // namespace srwm
