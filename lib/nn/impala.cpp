#include "nn/impala.h"

#include <fmt/core.h>

#include "ops/flatten_chw.h"
#include "ops/max_pool3x3.h"

namespace srwm {
namespace {

/// Number of features that the stages leave of a frame.
std::int64_t flat_size(const std::vector<std::int64_t>& channels, const ImageShape& frame) {
  std::int64_t height = frame.height, width = frame.width;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    height = (height + 1) / 2;
    width = (width + 1) / 2;
  }
  return height * width * (channels.empty() ? frame.channels : channels.back());
}

}  // namespace

Impala::Impala(ParameterSet& set, const std::vector<std::int64_t>& channels, std::int64_t features,
               const ImageShape& frame)
    : features_(features),
      stages_(make_stages(set, channels, frame.channels)),
      fc_(set, "fc", flat_size(channels, frame), features) {}

std::vector<Impala::Stage> Impala::make_stages(ParameterSet& set, const std::vector<std::int64_t>& channels,
                                               std::int64_t in) {
  std::vector<Stage> stages;
  for (const std::int64_t out : channels) {
    const std::size_t i = stages.size();
    const auto block = [&](const char* name) {
      return ResidualBlock{{set, fmt::format("{}.{}.1", name, i), out, out},
                           {set, fmt::format("{}.{}.3", name, i), out, out}};
    };
    stages.push_back({{set, fmt::format("feat_convs.{}.0", i), in, out}, {block("resnet1"), block("resnet2")}});
    in = out;
  }
  return stages;
}

Variable Impala::operator()(Tape& tape, const Variable& frames, ForwardMode) const {
  Variable x = frames;
  for (const Stage& stage : stages_) {
    x = tape.apply(MaxPool3x3{}, {stage.convolution(tape, x)})[0];
    for (const ResidualBlock& block : stage.residual) {
      x = add(tape, x, block.second(tape, relu(tape, block.first(tape, relu(tape, x)))));
    }
  }
  return relu(tape, fc_(tape, tape.apply(FlattenChw{}, {relu(tape, x)})[0]));
}

}  // namespace srwm
