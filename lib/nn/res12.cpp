#include "nn/res12.h"

#include <cmath>

#include <fmt/core.h>

#include "ops/batch_norm.h"
#include "ops/conv3x3.h"
#include "ops/global_avg_pool.h"
#include "ops/linear.h"
#include "ops/max_pool2x2.h"

namespace srwm {
namespace {

constexpr double leak = 0.1;  // slope of the activations below zero

/// Kaiming-normal with fan-out and the gain of ReLU, sqrt(2).
Parameter& convolution(ParameterSet& set, const std::string& prefix, std::int64_t in, std::int64_t out,
                       std::int64_t size) {
  const double std = std::sqrt(2 / static_cast<double>(out * size * size));
  return set.normal(prefix + ".weight", {out, in, size, size}, 0, std);
}

}  // namespace

Res12::Res12(ParameterSet& set, const VisionOptions& options, const ImageShape& image, DropoutSites& sites) {
  std::int64_t in = image.channels;
  for (const std::int64_t out : channels(options)) {
    blocks_.push_back(make_block(set, static_cast<int>(blocks_.size()) + 1, in, out, options, sites));
    in = out;
  }
  features_ = in;
}

std::array<std::int64_t, 4> Res12::channels(const VisionOptions& options) {
  const std::int64_t n = options.channels;
  if (options.size == ResNetSize::big) return {n, 2 * n, 4 * n, 8 * n};
  return {n, 3 * n / 2, 2 * n, 4 * n};
}

Res12::Block Res12::make_block(ParameterSet& set, int number, std::int64_t in, std::int64_t out,
                               const VisionOptions& options, DropoutSites& sites) {
  const std::string name = "stem_resnet12.layer" + std::to_string(number);
  const bool inside = options.dropout_kind == DropoutKind::inblock || options.dropout_kind == DropoutKind::inblock_2d;
  const auto dropout = [&](bool used) {
    return DropoutLayer(used ? options.dropout : 0, sites.next(), drops_channels(options.dropout_kind));
  };
  Block block{.name = name,
              .convolutions = {},
              .norms = {},
              .shortcut = nullptr,
              .shortcut_norm = {},
              .dropouts = {dropout(inside), dropout(inside), dropout(true)}};
  for (std::size_t i = 0; i < block.convolutions.size(); ++i) {
    block.convolutions.at(i) = &convolution(set, fmt::format("{}.conv{}", name, i + 1), i == 0 ? in : out, out, 3);
    block.norms.at(i) = make_norm(set, fmt::format("{}.bn{}", name, i + 1), out);
  }
  block.shortcut = &convolution(set, name + ".downsample.0", in, out, 1);
  block.shortcut_norm = make_norm(set, name + ".downsample.1", out);
  return block;
}

Res12::Norm Res12::make_norm(ParameterSet& set, const std::string& prefix, std::int64_t channels) {
  return {.gamma = &set.constant(prefix + ".weight", {channels}, 1),
          .beta = &set.constant(prefix + ".bias", {channels}, 0),
          .running_mean = set.state(prefix + ".running_mean", {channels}, 0, BatchNormState::default_momentum),
          .running_var = set.state(prefix + ".running_var", {channels}, 1, BatchNormState::default_momentum)};
}

Variable Res12::operator()(Tape& tape, const Variable& images, ForwardMode mode) const {
  Variable x = images;
  for (const Block& block : blocks_) x = apply(tape, block, x, mode);
  return tape.apply(GlobalAvgPool{}, {x})[0];
}

Variable Res12::normalize(Tape& tape, const Norm& norm, const Variable& x, const Variable& residual, double slope,
                          ForwardMode mode) {
  const BatchNorm op{
      .state = {.running_mean = norm.running_mean, .running_var = norm.running_var, .training = mode.training},
      .slope = slope};
  return tape.apply(op, {x, norm.gamma->on(tape), norm.beta->on(tape), residual})[0];
}

Variable Res12::shortcut(Tape& tape, const Block& block, const Variable& x, ForwardMode mode) {
  // A 1x1 convolution is a linear layer on each pixel.
  const Shape weight = block.shortcut->value.shape(), image = x.shape();
  const Variable pixels = x.reshaped({image[0] * image[1] * image[2], image[3]});
  const Variable mixed =
      tape.apply(Linear{}, {pixels, block.shortcut->on(tape).reshaped({weight[0], weight[1]}), Variable()})[0];
  return normalize(tape, block.shortcut_norm, mixed.reshaped({image[0], image[1], image[2], weight[0]}), Variable(), 1,
                   mode);
}

Variable Res12::apply(Tape& tape, const Block& block, const Variable& x, ForwardMode mode) {
  const Tape::Scope scope(tape, block.name);
  const auto convolve = [&](std::size_t i, const Variable& from) {
    return tape.apply(Conv3x3{}, {from, block.convolutions.at(i)->on(tape), Variable()})[0];
  };
  Variable y = x;
  for (std::size_t i = 0; i < 2; ++i) {
    y = normalize(tape, block.norms.at(i), convolve(i, y), Variable(), leak, mode);
    y = block.dropouts.at(i)(tape, y, mode);
  }
  y = normalize(tape, block.norms[2], convolve(2, y), shortcut(tape, block, x, mode), leak, mode);
  y = tape.apply(MaxPool2x2{}, {y})[0];
  return block.dropouts[2](tape, y, mode);
}

}  // namespace srwm
