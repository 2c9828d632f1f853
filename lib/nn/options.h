// Options of the models, owned by nn and filled in by the spec.
#pragma once

#include <cstdint>
#include <string_view>

#include "nn/core_options.h"

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

struct FewShotModelOptions {
  VisionOptions vision;
  CoreOptions core;
};

}  // namespace srwm
