// The interface of every sequence model: (x, state, reset) -> (y, state').
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "nn/core_options.h"
#include "nn/forward_mode.h"
#include "nn/layers.h"
#include "nn/parameters.h"

namespace srwm {

/// What a core carries from one segment of a sequence to the next: for fast-weight layers their matrices [B, h, d,
/// rows], for softmax attention its keys and values (ops/softmax_attention.h), for an LSTM h and c of each layer
/// [B, H]. Empty: the initial state. Held inline, so that passing it allocates nothing.
class CoreState {
 public:
  static constexpr std::size_t max_tensors = 32;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  void push_back(Variable tensor);
  /// The i-th tensor, or an absent one in the initial state.
  Variable at(std::size_t i) const { return empty() ? Variable() : tensors_.at(i); }

 private:
  std::array<Variable, max_tensors> tensors_;
  std::size_t size_ = 0;
};

struct CoreInput {
  Variable x;  ///< [B, T, features]
  /// State before the first step, for G sequences with G dividing B: consecutive sequences branch off one state.
  const CoreState* state = nullptr;
  Tensor reset;  ///< u8 [B, T] or absent: 1 where an episode begins and the state goes back to its initial value
  /// Positions b T + t whose output is used, i32 ascending; absent: all. What comes after the last recurrent operation
  /// is computed for these only.
  Tensor rows;
  bool state_only = false;  ///< the output is not computed
};

struct CoreOutput {
  Variable y;  ///< [number of rows, width]; absent with `state_only`
  CoreState state;
};

class SequenceCore {
 public:
  virtual ~SequenceCore() = default;
  virtual std::int64_t width() const = 0;
  /// Shapes of the initial state's tensors for B sequences, first axis B; empty where nothing is carried.
  virtual std::vector<Shape> state_shapes(std::int64_t batch) const = 0;
  /// The initial state on the tape, trained tensors [1, ...] that all sequences share; absent tensors are zeros. A call
  /// computes it again, so that gradients of several uses are collected separately.
  virtual CoreState initial_state(Tape& tape) const = 0;
  virtual CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const = 0;
};

/// Builds the core that the options name, for inputs of `features` numbers. InternalError unless `hidden` is a multiple
/// of `heads`, where a core has heads: the spec sees to it.
std::unique_ptr<SequenceCore> make_core(ParameterSet& set, const CoreOptions& options, std::int64_t features,
                                        DropoutSites& sites);

}  // namespace srwm
