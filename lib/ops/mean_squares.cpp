#include "ops/mean_squares.h"

#include <algorithm>
#include <numeric>

namespace srwm {

OutputSpecs<MeanSquares::outputs> MeanSquares::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_tensor(name, "wanted", wanted, in[x].shape(), in[x].dtype());
  const std::int64_t sum = std::accumulate(widths.begin(), widths.end(), std::int64_t{0});
  if (sum != 0 && sum != in[x].dim(-1)) {
    shape_error(name, "the sum of widths", std::to_string(in[x].dim(-1)), std::to_string(sum));
  }
  return {{{Shape{1}, in[x].dtype()}}};
}

MeanSquares::Blocks MeanSquares::blocks(const Tensor& tensor) const {
  const auto rows = static_cast<double>(rows_of(tensor));
  const bool one = std::ranges::all_of(widths, [](std::int64_t width) { return width == 0; });
  Blocks result;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::int64_t width = one && i == 0 ? tensor.dim(-1) : widths[i];
    result.ends[i] = end += width;
    result.weights[i] = width == 0 ? 0 : 1 / (rows * static_cast<double>(width));
  }
  return result;
}

}  // namespace srwm
