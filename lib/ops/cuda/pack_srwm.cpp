#include "ops/pack_srwm.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<PackSrwm>& f) {
  SideBySide parts{};
  parts.parts = PackSrwm::inputs;
  parts.rows = f.out[0].numel() / f.out[0].dim(3);
  for (int j = 0; j < parts.parts; ++j) {
    const Tensor& part = f.in[static_cast<std::size_t>(j)];
    parts.part[j] = part.data<float>();
    parts.width[j] = part.dim(3);
  }
  join_columns(stream_of(context), parts, f.out[0].data<float>());
}

void backward(Context& context, const Backward<PackSrwm>& g) {
  SideBySide parts{};
  parts.parts = PackSrwm::inputs;
  parts.rows = g.out[0].numel() / g.out[0].dim(3);
  for (int j = 0; j < parts.parts; ++j) {
    const Grad& grad = g.dL_din[static_cast<std::size_t>(j)];
    parts.part[j] = grad.wanted() ? grad.value.data<float>() : nullptr;
    parts.width[j] = g.in[static_cast<std::size_t>(j)].dim(3);
    parts.accumulate[j] = accumulates(grad);
  }
  split_columns(stream_of(context), g.dL_dout[0].data<float>(), parts);
}

}  // namespace

Body<PackSrwm> body_of(Tag<PackSrwm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
