// How far a tensor is from a given one.
#pragma once

#include "ops/op.h"

namespace srwm {

/// loss [1] = sum over blocks of 1 / (rows * width of the block) sum over its elements (x - target)^2: the mean squared
/// difference of each block of columns, summed. x and `target` [.., C] of one shape; `target` has no gradient.
struct MeanSquares {
  static constexpr const char* name = "mean_squares";
  static constexpr int inputs = 1, outputs = 1;
  static constexpr int max_blocks = 4;
  enum In { x };
  Tensor target;
  std::array<std::int64_t, max_blocks> widths{};  ///< they add up to C; all 0: one block of all columns

  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;

  /// Where the columns of each block end, and the weight of its squares: 1 / (rows * width of the block).
  struct Blocks {
    std::array<std::int64_t, max_blocks> ends{};
    std::array<double, max_blocks> weights{};
  };
  Blocks blocks(const Tensor& x) const;
};

}  // namespace srwm
