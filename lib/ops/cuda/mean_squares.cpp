#include "ops/mean_squares.h"

#include "kernels/losses.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

SquareBlocks blocks_of(const MeanSquares& op, const Tensor& x) {
  const MeanSquares::Blocks blocks = op.blocks(x);
  SquareBlocks result{.elements = x.numel(), .columns = x.dim(-1), .end = {}, .weight = {}};
  for (std::size_t i = 0; i < blocks.ends.size(); ++i) {
    result.end[i] = blocks.ends[i];
    result.weight[i] = static_cast<float>(blocks.weights[i]);
  }
  return result;
}

void forward(Context& context, const Forward<MeanSquares>& f) {
  const Tensor& x = f.in[MeanSquares::x];
  const Tensor partial = context.empty({mean_squares_slices});
  mean_squares(stream_of(context), x.data<float>(), f.op.target.data<float>(), blocks_of(f.op, x),
               partial.data<float>(), f.out[0].data<float>());
}

void backward(Context& context, const Backward<MeanSquares>& g) {
  const Grad& grad = g.dL_din[MeanSquares::x];
  if (!grad.wanted()) return;
  const Tensor& x = g.in[MeanSquares::x];
  mean_squares_backward(stream_of(context), x.data<float>(), g.op.target.data<float>(), blocks_of(g.op, x),
                        g.dL_dout[0].data<float>(), grad.value.data<float>(), accumulates(grad));
}

}  // namespace

Body<MeanSquares> body_of(Tag<MeanSquares>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
