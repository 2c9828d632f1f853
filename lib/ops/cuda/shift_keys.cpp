#include "ops/shift_keys.h"

#include "kernels/heads.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

int head_size(const Tensor& x, std::int64_t heads) {
  return static_cast<int>((x.dim(2) / heads - 1) / 3);
}

void forward(Context& context, const Forward<ShiftKeys>& f) {
  const Tensor& x = f.in[ShiftKeys::x];
  const int d = head_size(x, f.op.heads);
  shift_keys(stream_of(context), x.data<float>(), f.out[0].data<float>(), x.numel() / (3 * d + 1), d);
}

void backward(Context& context, const Backward<ShiftKeys>& g) {
  const Grad& grad = g.dL_din[ShiftKeys::x];
  if (!grad.wanted()) return;
  const Tensor& x = g.in[ShiftKeys::x];
  const int d = head_size(x, g.op.heads);
  shift_keys_backward(stream_of(context), x.data<float>(), g.dL_dout[0].data<float>(), grad.value.data<float>(),
                      accumulates(grad), x.numel() / (3 * d + 1), d);
}

}  // namespace

Body<ShiftKeys> body_of(Tag<ShiftKeys>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
