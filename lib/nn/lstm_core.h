// The LSTM baseline.
#pragma once

#include <string>
#include <vector>

#include "nn/core.h"

namespace srwm {

/// options.layers LSTM layers of options.hidden units on the input itself, as torch.nn.LSTM of this name.
class LstmCore final : public SequenceCore {
 public:
  LstmCore(ParameterSet& set, const CoreOptions& options, std::int64_t features, std::string name = "rnn");

  std::int64_t width() const override { return hidden_; }
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
