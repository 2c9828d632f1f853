// Options of the models, owned by nn and filled in by the spec.
#pragma once

#include <cstdint>
#include <string_view>

namespace srwm {

enum class VisionKind { conv4 };
inline constexpr VisionKind all_vision_kinds[] = {VisionKind::conv4};

/// As in specs and checkpoints: "conv4".
constexpr std::string_view name_of(VisionKind kind) {
  switch (kind) {
    case VisionKind::conv4:
      return "conv4";
  }
  return "?";
}

struct VisionOptions {
  VisionKind kind = VisionKind::conv4;
  std::int64_t channels = 64;
  double dropout = 0;
};

enum class CoreKind { srwm, delta_net, linear_transformer, transformer, lstm };
inline constexpr CoreKind all_core_kinds[] = {CoreKind::srwm, CoreKind::delta_net, CoreKind::linear_transformer,
                                              CoreKind::transformer, CoreKind::lstm};

/// As in specs and checkpoints: "srwm", "delta_net", "linear_transformer", "transformer", "lstm".
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
    case CoreKind::lstm:
      return "lstm";
  }
  return "?";
}

/// heads, ff_factor, dropout, layer_norm, input_softmax and beta_init have no meaning for an LSTM.
struct CoreOptions {
  CoreKind kind = CoreKind::srwm;
  std::int64_t layers = 2;
  std::int64_t heads = 16;
  std::int64_t hidden = 256;
  std::int64_t ff_factor = 4;  ///< inner size of the feed-forward block is ff_factor * hidden
  double dropout = 0;
  bool layer_norm = true;      ///< srwm: LayerNorm on the residual; the other kinds of layers always have their own
  bool input_softmax = false;  ///< srwm: phi is a softmax per head instead of the identity
  double beta_init = 0;        ///< srwm: mean of W^b at the start
};

struct FewShotModelOptions {
  VisionOptions vision;
  CoreOptions core;
};

}  // namespace srwm
