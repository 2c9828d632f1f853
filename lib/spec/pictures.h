// The architectures as drawings, for `srwm config explain` and docs/models.md.
#pragma once

#include <span>
#include <string_view>

namespace srwm {

struct Picture {
  std::string_view key;    ///< the key or group that chooses what is drawn: "model.core.kind"
  std::string_view value;  ///< the value that chooses this one; empty for a group
  std::string_view text;   ///< lines of at most 100 columns, each ending in a newline
};

/// All drawings; every value of model.vision.kind and model.core.kind has one.
std::span<const Picture> pictures();

}  // namespace srwm
