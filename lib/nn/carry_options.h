// How the state of a core that acts step by step lives, filled in by the specs of agents.
#pragma once

#include <string_view>

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

}  // namespace srwm
