// Options of the models, owned by nn and filled in by the spec.
#pragma once

#include <cstdint>
#include <string_view>

namespace srwm {

enum class VisionKind { conv4, res12 };
inline constexpr VisionKind all_vision_kinds[] = {VisionKind::conv4, VisionKind::res12};

/// As in specs and checkpoints: "conv4", "res12".
constexpr std::string_view name_of(VisionKind kind) {
  switch (kind) {
    case VisionKind::conv4:
      return "conv4";
    case VisionKind::res12:
      return "res12";
  }
  return "?";
}

enum class ResNetSize { base, big };
inline constexpr ResNetSize all_resnet_sizes[] = {ResNetSize::base, ResNetSize::big};

constexpr std::string_view name_of(ResNetSize size) {
  return size == ResNetSize::big ? "big" : "base";
}

/// What dropout in an image encoder drops: numbers or ("2d") whole channels, at the end of each block or also inside.
enum class DropoutKind { base, inblock, base_2d, inblock_2d };
inline constexpr DropoutKind all_dropout_kinds[] = {DropoutKind::base, DropoutKind::inblock, DropoutKind::base_2d,
                                                    DropoutKind::inblock_2d};

/// As in specs and checkpoints: "base", "inblock", "2d", "2d_inblock".
constexpr std::string_view name_of(DropoutKind kind) {
  switch (kind) {
    case DropoutKind::base:
      return "base";
    case DropoutKind::inblock:
      return "inblock";
    case DropoutKind::base_2d:
      return "2d";
    case DropoutKind::inblock_2d:
      return "2d_inblock";
  }
  return "?";
}

constexpr bool drops_channels(DropoutKind kind) {
  return kind == DropoutKind::base_2d || kind == DropoutKind::inblock_2d;
}

struct VisionOptions {
  VisionKind kind = VisionKind::conv4;
  std::int64_t channels = 64;          ///< of every convolution; res12: of the first block
  ResNetSize size = ResNetSize::base;  ///< res12
  double dropout = 0;
  DropoutKind dropout_kind = DropoutKind::base;  ///< conv4 has base and 2d
  double input_dropout = 0;                      ///< on the pixels
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

/// heads, ff_factor, dropout, layer_norm, input_softmax, beta_init and key_eps have no meaning for an LSTM.
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
  double key_eps = 0;  ///< delta_net, linear_transformer: added to the sum that keys are divided by; agents: 1e-5
};

struct FewShotModelOptions {
  VisionOptions vision;
  CoreOptions core;
};

}  // namespace srwm
