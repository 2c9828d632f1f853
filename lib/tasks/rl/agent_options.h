// Options of the reinforcement-learning agents, filled in by the spec.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/carry_options.h"
#include "nn/core_options.h"

namespace srwm {

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
