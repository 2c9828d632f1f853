#include "nn/layers.h"

#include <cmath>

#include "ops/add.h"
#include "ops/channel_dropout.h"
#include "ops/conv3x3.h"
#include "ops/dropout.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/relu.h"
#include "ops/select_rows.h"

namespace srwm {

LinearLayer::LinearLayer(ParameterSet& set, const std::string& prefix, std::int64_t in, std::int64_t out, bool bias)
    : name_(prefix) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight_ = &set.uniform(prefix + ".weight", {out, in}, bound);
  if (bias) bias_ = &set.uniform(prefix + ".bias", {out}, bound);
}

Variable LinearLayer::operator()(Tape& tape, const Variable& x) const {
  const Tape::Scope scope(tape, name_);
  return tape.apply(Linear{}, {x, weight_->on(tape), bias_ != nullptr ? bias_->on(tape) : Variable()})[0];
}

ConvolutionLayer::ConvolutionLayer(ParameterSet& set, const std::string& prefix, std::int64_t in, std::int64_t out)
    : name_(prefix) {
  const double bound = 1 / std::sqrt(static_cast<double>(9 * in));
  weight_ = &set.uniform(prefix + ".weight", {out, in, 3, 3}, bound);
  bias_ = &set.uniform(prefix + ".bias", {out}, bound);
}

Variable ConvolutionLayer::operator()(Tape& tape, const Variable& x) const {
  const Tape::Scope scope(tape, name_);
  return tape.apply(Conv3x3{}, {x, weight_->on(tape), bias_->on(tape)})[0];
}

LayerNormLayer::LayerNormLayer(ParameterSet& set, const std::string& prefix, std::int64_t width)
    : name_(prefix),
      weight_(&set.constant(prefix + ".weight", {width}, 1)),
      bias_(&set.constant(prefix + ".bias", {width}, 0)) {}

Variable LayerNormLayer::operator()(Tape& tape, const Variable& x) const {
  const Tape::Scope scope(tape, name_);
  return tape.apply(LayerNorm{}, {x, weight_->on(tape), bias_->on(tape)})[0];
}

Variable DropoutLayer::operator()(Tape& tape, const Variable& x, ForwardMode mode) const {
  if (!mode.training || p_ == 0) return x;
  const std::uint32_t site = 2 * site_ + mode.pass;
  if (whole_channels_) return tape.apply(ChannelDropout{.p = p_, .site = site}, {x})[0];
  return tape.apply(Dropout{.p = p_, .site = site}, {x})[0];
}

Variable add(Tape& tape, const Variable& a, const Variable& b) {
  return tape.apply(Add{}, {a, b})[0];
}

Variable select_rows(Tape& tape, const Variable& x, const Tensor& rows) {
  const std::int64_t width = x.shape()[-1];
  const Variable table = x.reshaped({x.shape().numel() / width, width});
  return rows.absent() ? table : tape.apply(SelectRows{.rows = rows}, {table})[0];
}

Variable relu(Tape& tape, const Variable& x) {
  return tape.apply(Relu{}, {x})[0];
}

}  // namespace srwm
