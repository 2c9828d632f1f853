#include "ops/mean_squares.h"

#include "ops/grad.h"

namespace srwm::reference {
namespace {

// loss = sum over r, c of weight(c) (x[r, c] - wanted[r, c])^2
template <typename Real>
void forward(Context&, const Forward<MeanSquares>& f) {
  const Tensor& x = f.in[MeanSquares::x];
  const MeanSquares::Blocks blocks = f.op.blocks(x);
  const std::int64_t columns = x.dim(-1), rows = rows_of(x);
  const Real *value = x.data<Real>(), *wanted = f.op.wanted.data<Real>();
  double loss = 0;
  for (std::int64_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (std::int64_t i = c; i < rows * columns; i += columns) {
      const auto difference = static_cast<double>(value[i] - wanted[i]);
      sum += difference * difference;
    }
    loss += blocks.weight_of(c) * sum;
  }
  *f.out[0].data<Real>() = static_cast<Real>(loss);
}

// dL/dx[r, c] = dL/dloss 2 weight(c) (x[r, c] - wanted[r, c])
template <typename Real>
void backward(Context&, const Backward<MeanSquares>& g) {
  const Grad& grad = g.dL_din[MeanSquares::x];
  if (!grad.wanted()) return;
  const Tensor& x = g.in[MeanSquares::x];
  const MeanSquares::Blocks blocks = g.op.blocks(x);
  const std::int64_t columns = x.dim(-1), rows = rows_of(x);
  const Real *value = x.data<Real>(), *wanted = g.op.wanted.data<Real>();
  const Real dloss = *g.dL_dout[0].data<Real>();
  Real* d = grad.value.data<Real>();
  for (std::int64_t c = 0; c < columns; ++c) {
    const Real scale = dloss * static_cast<Real>(2 * blocks.weight_of(c));
    for (std::int64_t i = c; i < rows * columns; i += columns) put(grad.mode, d[i], scale * (value[i] - wanted[i]));
  }
}

}  // namespace

Body<MeanSquares> body_of(Tag<MeanSquares>, DType real) {
  return real == DType::f64 ? Body<MeanSquares>{forward<double>, backward<double>}
                            : Body<MeanSquares>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
