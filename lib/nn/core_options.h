// Options of the sequence cores, filled in by the specs of few-shot models and of agents.
#pragma once

#include <cstdint>
#include <string_view>

namespace srwm {

enum class CoreKind {
  srwm,                ///< linear to `hidden`, then `layers` times an SRWM layer and a feed-forward block
  delta_net,           ///< the same with DeltaNet layers
  linear_transformer,  ///< the same with additive fast weights
  transformer,         ///< the same with softmax attention
  fake_sr,             ///< the same with one matrix per head, W^y of an SRWM that is never rewritten
  sr_delta,            ///< the same with an SRWM that makes q, k, v and beta of a DeltaNet memory
  feed_forward_deep,   ///< linear to `hidden`, then `layers` feed-forward blocks
  feed_forward,        ///< the features as they are
  lstm,                ///< `layers` LSTM layers of `hidden` units
};

/// As in specs and checkpoints.
constexpr std::string_view name_of(CoreKind kind) {
  switch (kind) {
    case CoreKind::srwm:
      return "srwm";
    case CoreKind::delta_net:
      return "delta_net";
    case CoreKind::linear_transformer:
      return "linear_transformer";
    case CoreKind::transformer:
      return "transformer";
    case CoreKind::fake_sr:
      return "fake_sr";
    case CoreKind::sr_delta:
      return "sr_delta";
    case CoreKind::feed_forward_deep:
      return "feed_forward_deep";
    case CoreKind::feed_forward:
      return "feed_forward";
    case CoreKind::lstm:
      return "lstm";
  }
  return "?";
}

/// The cores that few-shot models and agents can have, in the order in which specs list them.
inline constexpr CoreKind fewshot_core_kinds[] = {CoreKind::srwm, CoreKind::delta_net, CoreKind::linear_transformer,
                                                  CoreKind::transformer, CoreKind::lstm};
inline constexpr CoreKind agent_core_kinds[] = {CoreKind::feed_forward, CoreKind::feed_forward_deep, CoreKind::lstm,
                                                CoreKind::delta_net,    CoreKind::fake_sr,           CoreKind::srwm,
                                                CoreKind::sr_delta,     CoreKind::linear_transformer};

/// The authors' state_dict whose parameter names a core has.
enum class CoreNames { fewshot, agent };

/// An LSTM uses layers, hidden and names only, feed_forward nothing.
struct CoreOptions {
  CoreKind kind = CoreKind::srwm;
  std::int64_t layers = 2;
  std::int64_t heads = 16;
  std::int64_t hidden = 256;
  std::int64_t ff_factor = 4;  ///< inner size of a feed-forward block is ff_factor * hidden
  double dropout = 0;
  bool layer_norm = true;      ///< srwm: LayerNorm on the residual
  bool input_softmax = false;  ///< srwm, sr_delta: phi is a softmax per head instead of the identity
  double beta_init = 0;        ///< srwm, sr_delta: mean of W^b at the start
  double key_eps = 0;  ///< delta_net, linear_transformer: added to the sum that keys are divided by; agents: 1e-5
  // The rest is the same in all few-shot models.
  bool input_norm = false;    ///< srwm, sr_delta, fake_sr: LayerNorm on the input of a layer
  std::int64_t ff_inner = 0;  ///< inner size of a feed-forward block, if not 0
  CoreNames names = CoreNames::fewshot;
};

}  // namespace srwm
