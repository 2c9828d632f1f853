#include "ops/conv3x3.h"

#include "kernels/column_sums.h"
#include "ops/cuda/convolution.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<Conv3x3>& f) {
  convolve(context, f.in[Conv3x3::x], f.in[Conv3x3::weight],
           {.y = f.out[0].data<float>(), .bias = f.in[Conv3x3::bias].data<float>()});
}

void backward(Context& context, const Backward<Conv3x3>& b) {
  const Tensor& dL_dy = b.dL_dout[0];
  convolve_backward(context, b.in[Conv3x3::x], b.in[Conv3x3::weight], dL_dy.data<float>(), b.dL_din[Conv3x3::x],
                    b.dL_din[Conv3x3::weight]);
  const Grad& dL_dbias = b.dL_din[Conv3x3::bias];
  if (!dL_dbias.wanted()) return;
  const ScratchScope scope(context);
  const std::int64_t pixels = rows_of(dL_dy), channels = dL_dy.dim(3);
  const Tensor partial = context.empty({column_sum_slices(pixels), channels});
  column_sums(stream_of(context), dL_dy.data<float>(), pixels, channels, partial.data<float>(),
              dL_dbias.value.data<float>(), accumulates(dL_dbias));
}

}  // namespace

Body<Conv3x3> body_of(Tag<Conv3x3>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
