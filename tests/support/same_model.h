// Comparing what two runs ended with.
#pragma once

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "run/checkpoint.h"

namespace srwm::test {

/// The models in the latest checkpoints of two run folders are the same, bit for bit.
inline void check_same_model(const std::filesystem::path& first, const std::filesystem::path& second) {
  const Checkpoint a = load_checkpoint(first / "checkpoints/latest.h5");
  const Checkpoint b = load_checkpoint(second / "checkpoints/latest.h5");
  REQUIRE(a.model.size() == b.model.size());
  for (std::size_t i = 0; i < a.model.size(); ++i) {
    INFO(a.model[i].name);
    CHECK(std::ranges::equal(a.model[i].tensor.span<float>(), b.model[i].tensor.span<float>()));
  }
}

}  // namespace srwm::test
