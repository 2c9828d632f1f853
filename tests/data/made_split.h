// A split without pixels, for tests of samplers.
#pragma once

#include <fmt/format.h>

#include "data/class_dataset.h"

namespace srwm::test {

/// A split of `classes` classes with `each` images; image i belongs to class i % classes. Pixels are never looked at.
inline ClassSplit make_split(std::int64_t classes, std::int64_t each) {
  ClassSplit split;
  split.images = Tensor::owning({classes * each, 1, 1, 1}, DType::u8);
  split.members.resize(static_cast<std::size_t>(classes));
  for (std::int64_t c = 0; c < classes; ++c) {
    split.class_names.push_back(fmt::format("class{}", c));
    for (std::int64_t i = 0; i < each; ++i) {
      split.members[static_cast<std::size_t>(c)].push_back(static_cast<std::int32_t>(i * classes + c));
    }
  }
  return split;
}

}  // namespace srwm::test
