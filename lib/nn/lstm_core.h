// The LSTM baseline.
#pragma once

#include <string>
#include <vector>

#include "nn/core.h"

namespace srwm {

/// options.layers LSTM layers of options.hidden units on the input itself, as a torch.nn.LSTM called "rnn" in few-shot
/// models and "core" in agents.
class LstmCore final : public SequenceCore {
 public:
  LstmCore(ParameterSet& set, const CoreOptions& options, std::int64_t features);

  std::int64_t width() const override { return hidden_; }
  std::vector<Shape> state_shapes(std::int64_t batch) const override {
    return std::vector<Shape>(2 * layers_.size(), Shape{batch, hidden_});  // h and c of each layer
  }
  CoreState initial_state(Tape&) const override { return {}; }
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  struct Layer {
    Parameter *w_ih, *w_hh, *b_ih, *b_hh;
  };

  std::string name_;
  std::int64_t hidden_;
  std::vector<Layer> layers_;
};

}  // namespace srwm
