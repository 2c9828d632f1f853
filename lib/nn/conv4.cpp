#include "nn/conv4.h"

#include <cmath>

#include "ops/conv_block.h"
#include "ops/flatten_chw.h"

namespace srwm {
namespace {

constexpr int num_blocks = 4;

}  // namespace

Conv4::Conv4(ParameterSet& set, const VisionOptions& options, const ImageShape& image, DropoutSites& sites) {
  features_ = options.channels * (image.height >> num_blocks) * (image.width >> num_blocks);
  for (int i = 0; i < num_blocks; ++i) {
    blocks_.push_back(make_block(set, i, i == 0 ? image.channels : options.channels, options, sites));
  }
}

Conv4::Block Conv4::make_block(ParameterSet& set, int index, std::int64_t in_channels, const VisionOptions& options,
                               DropoutSites& sites) {
  const std::string prefix = "conv_layers." + std::to_string(index);
  const std::int64_t out = options.channels;
  const double bound = 1 / std::sqrt(static_cast<double>(9 * in_channels));
  Block block{.name = prefix,
              .weight = &set.uniform(prefix + ".0.weight", {out, in_channels, 3, 3}, bound),
              .bias = &set.uniform(prefix + ".0.bias", {out}, bound),
              .gamma = &set.constant(prefix + ".1.weight", {out}, 1),
              .beta = &set.constant(prefix + ".1.bias", {out}, 0),
              .running_mean = set.state(prefix + ".1.running_mean", {out}, 0, BatchNormState::default_momentum),
              .running_var = set.state(prefix + ".1.running_var", {out}, 1, BatchNormState::default_momentum),
              .dropout = DropoutLayer(options.dropout, sites.next(), drops_channels(options.dropout_kind))};
  return block;
}

Variable Conv4::operator()(Tape& tape, const Variable& images, ForwardMode mode) const {
  Variable x = images;
  for (const Block& block : blocks_) x = apply(tape, block, x, mode);
  return tape.apply(FlattenChw{}, {x})[0];
}

Variable Conv4::apply(Tape& tape, const Block& block, const Variable& x, ForwardMode mode) {
  const Tape::Scope scope(tape, block.name);
  const ConvBlock op{{.running_mean = block.running_mean, .running_var = block.running_var, .training = mode.training}};
  const Variable y =
      tape.apply(op, {x, block.weight->on(tape), block.bias->on(tape), block.gamma->on(tape), block.beta->on(tape)})[0];
  return block.dropout(tape, y, mode);  // commutes with the ReLU it precedes in the paper's order
}

}  // namespace srwm
