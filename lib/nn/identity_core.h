// No core: the output is the input.
#pragma once

#include "nn/core.h"

namespace srwm {

class IdentityCore final : public SequenceCore {
 public:
  explicit IdentityCore(std::int64_t features) : features_(features) {}

  std::int64_t width() const override { return features_; }
  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }
  CoreState initial_state(Tape&) const override { return {}; }
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode) const override {
    if (input.state_only) return {};
    return {select_rows(tape, input.x, input.rows), {}};
  }

 private:
  std::int64_t features_;
};

}  // namespace srwm
