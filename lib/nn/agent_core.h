// Cores of agents: (x, state, first) -> (y, state'), where a state outlives the weights it came from.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/agent_options.h"
#include "nn/core.h"

namespace srwm {

struct AgentCoreInput {
  Variable x;                        ///< [B, T, features]
  Tensor first;                      ///< u8 [B, T] or absent: where the state goes back to its initial value
  const CoreState* state = nullptr;  ///< absent: the initial state
};

struct AgentCoreOutput {
  Variable y;       ///< [B T, width]
  CoreState state;  ///< without a gradient
};

class AgentCore {
 public:
  virtual ~AgentCore() = default;
  virtual std::int64_t width() const = 0;
  /// Of the tensors of a state for B sequences; empty where nothing is carried.
  virtual std::vector<Shape> state_shapes(std::int64_t batch) const = 0;
  virtual AgentCoreOutput forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const = 0;
};

/// Builds the core that the options name, for inputs of `features` numbers. InternalError unless `hidden` is a multiple
/// of `heads`, where a core has heads: the spec sees to it.
std::unique_ptr<AgentCore> make_agent_core(ParameterSet& set, const AgentOptions& options, std::int64_t features,
                                           DropoutSites& sites);

}  // namespace srwm
