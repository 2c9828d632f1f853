// The block is defined by the four ops it fuses: their reference implementations in sequence.
#include "ops/conv_block.h"

#include "ops/conv3x3.h"
#include "ops/max_pool2x2.h"
#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<ConvBlock::outputs> ConvBlock::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  expect_real(name, "weight", in[weight], 4);
  const Shape& shape = in[x].shape();
  const DType dtype = in[x].dtype();
  const std::int64_t out = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {out, shape[3], 3, 3}, dtype);
  expect_tensor(name, "bias", in[bias], {out}, dtype);
  expect_tensor(name, "gamma", in[gamma], {out}, dtype);
  expect_tensor(name, "beta", in[beta], {out}, dtype);
  if (shape[1] < 2 || shape[2] < 2) {
    shape_error(name, "x", "[N, H, W, I] with H and W of at least 2", shape.to_string());
  }
  state.check(name, out, shape[0] * shape[1] * shape[2], dtype);
  return {OutputSpec{{shape[0], shape[1] / 2, shape[2] / 2, out}, dtype}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

template <typename Real>
void forward(Context& context, const Forward<ConvBlock>& f) {
  const auto& in = f.in;
  const Tensor& x = in[ConvBlock::x];
  const Shape convolved_shape = {x.dim(0), x.dim(1), x.dim(2), f.out[0].dim(3)};
  f.saved.convolved = context.empty(convolved_shape);
  const Tensor normalized = context.empty(convolved_shape);

  Conv3x3::Saved conv_saved;
  const Tensors<3> conv_in = {x, in[ConvBlock::weight], in[ConvBlock::bias]};
  body_of(Tag<Conv3x3>{}, context.real()).forward(context, {Conv3x3{}, conv_in, {f.saved.convolved}, conv_saved});

  BatchNorm::Saved norm_saved;
  const Tensors<BatchNorm::inputs> norm_in = {f.saved.convolved, in[ConvBlock::gamma], in[ConvBlock::beta]};
  body_of(Tag<BatchNorm>{}, context.real())
      .forward(context, {BatchNorm{f.op.state}, norm_in, {normalized}, norm_saved});
  f.saved.mean = norm_saved.mean;
  f.saved.inv_std = norm_saved.inv_std;

  MaxPool2x2::Saved pool_saved;
  body_of(Tag<MaxPool2x2>{}, context.real()).forward(context, {MaxPool2x2{}, {normalized}, {f.out[0]}, pool_saved});
  f.saved.winner = pool_saved.winner;

  for (Real& y : f.out[0].span<Real>()) y = y < 0 ? Real{0} : y;  // keeps a NaN
}

template <typename Real>
void backward(Context& context, const Backward<ConvBlock>& b) {
  const auto& d = b.dL_din;
  // y = ReLU(pooled)
  const Tensor dpooled = context.empty(b.out[0].shape());
  for (std::int64_t k = 0; k < dpooled.numel(); ++k) {
    dpooled.data<Real>()[k] = b.out[0].data<Real>()[k] <= 0 ? Real{0} : b.dL_dout[0].data<Real>()[k];
  }
  // pooled = MaxPool2x2(normalized)
  const Grad dnormalized = {context.empty(b.saved.convolved.shape()), GradMode::overwrite};
  const MaxPool2x2::Saved pool_saved = {b.saved.winner};
  body_of(Tag<MaxPool2x2>{}, context.real())
      .backward(context, {MaxPool2x2{}, {dnormalized.value}, {b.out[0]}, pool_saved, {dpooled}, {dnormalized}});
  // normalized = BatchNorm(convolved)
  const Grad dconvolved = {context.empty(b.saved.convolved.shape()), GradMode::overwrite};
  const BatchNorm::Saved norm_saved = {b.saved.mean, b.saved.inv_std};
  const Tensors<BatchNorm::inputs> norm_in = {b.saved.convolved, b.in[ConvBlock::gamma], b.in[ConvBlock::beta]};
  body_of(Tag<BatchNorm>{}, context.real())
      .backward(context, {BatchNorm{b.op.state},
                          norm_in,
                          {dnormalized.value},
                          norm_saved,
                          {dnormalized.value},
                          {dconvolved, d[ConvBlock::gamma], d[ConvBlock::beta]}});
  // convolved = Conv3x3(x)
  const Conv3x3::Saved conv_saved;
  const Tensors<3> conv_in = {b.in[ConvBlock::x], b.in[ConvBlock::weight], b.in[ConvBlock::bias]};
  body_of(Tag<Conv3x3>{}, context.real())
      .backward(context, {Conv3x3{},
                          conv_in,
                          {b.saved.convolved},
                          conv_saved,
                          {dconvolved.value},
                          {d[ConvBlock::x], d[ConvBlock::weight], d[ConvBlock::bias]}});
}

}  // namespace

Body<ConvBlock> body_of(Tag<ConvBlock>, DType real) {
  return SRWM_REFERENCE_BODY(ConvBlock, real);
}

}  // namespace srwm::reference
