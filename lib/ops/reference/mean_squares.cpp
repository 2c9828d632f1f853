#include "ops/mean_squares.h"

#include <algorithm>
#include <numeric>

#include "ops/grad.h"

namespace srwm {

OutputSpecs<MeanSquares::outputs> MeanSquares::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x]);
  expect_tensor(name, "target", target, in[x].shape(), in[x].dtype());
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

namespace srwm::reference {
namespace {

/// The part of a row that a block is: function(first element, one after the last, weight), row by row.
template <typename Function>
void for_each_part(const MeanSquares& op, const Tensor& x, const Function& function) {
  const MeanSquares::Blocks blocks = op.blocks(x);
  const std::int64_t columns = x.dim(-1), rows = rows_of(x);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < blocks.ends.size(); begin = blocks.ends[i++]) {
      function(r * columns + begin, r * columns + blocks.ends[i], blocks.weights[i]);
    }
  }
}

// loss = sum over r, c of weight(c) (x[r, c] - target[r, c])^2
template <typename Real>
void forward(Context&, const Forward<MeanSquares>& f) {
  const Tensor& x = f.in[MeanSquares::x];
  const Real *value = x.data<Real>(), *target = f.op.target.data<Real>();
  double loss = 0;
  for_each_part(f.op, x, [&](std::int64_t begin, std::int64_t end, double weight) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const auto difference = static_cast<double>(value[i] - target[i]);
      sum += difference * difference;
    }
    loss += weight * sum;
  });
  *f.out[0].data<Real>() = static_cast<Real>(loss);
}

// dL/dx[r, c] = dL/dloss 2 weight(c) (x[r, c] - target[r, c])
template <typename Real>
void backward(Context&, const Backward<MeanSquares>& g) {
  const Grad& grad = g.dL_din[MeanSquares::x];
  if (!grad.wanted()) return;
  const Tensor& x = g.in[MeanSquares::x];
  const Real *value = x.data<Real>(), *target = g.op.target.data<Real>();
  const Real dloss = *g.dL_dout[0].data<Real>();
  Real* d = grad.value.data<Real>();
  for_each_part(g.op, x, [&](std::int64_t begin, std::int64_t end, double weight) {
    const Real scale = dloss * static_cast<Real>(2 * weight);
    for (std::int64_t i = begin; i < end; ++i) put(grad.mode, d[i], scale * (value[i] - target[i]));
  });
}

}  // namespace

Body<MeanSquares> body_of(Tag<MeanSquares>, DType real) {
  return real == DType::f64 ? Body<MeanSquares>{forward<double>, backward<double>}
                            : Body<MeanSquares>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
