// Options of the reinforcement-learning agents, owned by nn and filled in by the spec.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/core_options.h"

namespace srwm {

/// How long a core's state lives.
enum class CarryKind {
  episode,  ///< to the end of the episode
  unroll,   ///< back to the initial state at the start of each unroll, too: the caller hands in no state there
  step,     ///< back to the initial state at each step
};
inline constexpr CarryKind all_carry_kinds[] = {CarryKind::episode, CarryKind::unroll, CarryKind::step};

/// As in specs and checkpoints: "episode", "unroll", "step".
constexpr std::string_view name_of(CarryKind kind) {
  switch (kind) {
    case CarryKind::episode:
      return "episode";
    case CarryKind::unroll:
      return "unroll";
    case CarryKind::step:
      return "step";
  }
  return "?";
}

/// How far back through a core's state the gradient flows.
enum class StateGradient {
  unroll,    ///< to the start of the unroll, or of the episode if that is later
  per_step,  ///< not beyond the step: the state before each step is a constant, as in the published code
};
inline constexpr StateGradient all_state_gradients[] = {StateGradient::unroll, StateGradient::per_step};

/// As in specs and checkpoints: "unroll", "per_step".
constexpr std::string_view name_of(StateGradient kind) {
  return kind == StateGradient::per_step ? "per_step" : "unroll";
}

/// Defaults are those of the published SRWM agent; the published LSTM has 1 layer of 256 units.
struct AgentOptions {
  std::vector<std::int64_t> channels = {16, 32, 32};  ///< of the encoder's stages, each of which halves the frame
  std::int64_t features = 256;                        ///< of a frame, before the last reward is appended
  CoreKind core = CoreKind::srwm;
  std::int64_t layers = 2;
  std::int64_t heads = 8;  ///< of fast-weight layers
  std::int64_t hidden = 128;
  std::int64_t ff_inner = 512;  ///< units inside a feed-forward block
  bool input_softmax = true;    ///< srwm, sr_delta: phi is a softmax per head
  double beta_init = 0;         ///< srwm, sr_delta: mean of W^b at the start
  bool layer_norm = false;      ///< srwm, sr_delta, fake_sr: LayerNorm on the input of a layer, not on the residual
  CarryKind carry = CarryKind::episode;
  StateGradient state_gradient = StateGradient::unroll;
};

}  // namespace srwm
