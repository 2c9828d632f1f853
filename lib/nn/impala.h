// The image encoder of IMPALA (Espeholt et al., 2018), the larger one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/image_encoder.h"

namespace srwm {

/// Stages of [3x3 convolution, 3x3 max-pool with stride 2, two residual blocks x + conv(ReLU(conv(ReLU(x))))], then
/// ReLU, flattening in C, H, W order, a linear layer, ReLU. Frames [M, H, W, C] of numbers in [0, 1] to features
/// [M, features]. All convolutions have a bias. Parameters: feat_convs.<i>.0, resnet1.<i>.1, resnet1.<i>.3,
/// resnet2.<i>.1, resnet2.<i>.3, fc; initial values are PyTorch's.
class Impala final : public ImageEncoder {
 public:
  Impala(ParameterSet& set, const std::vector<std::int64_t>& channels, std::int64_t features, const ImageShape& frame);

  std::int64_t features() const override { return features_; }
  Variable operator()(Tape& tape, const Variable& frames, ForwardMode mode) const override;

 private:
  struct ResidualBlock {
    ConvolutionLayer first, second;
  };
  struct Stage {
    ConvolutionLayer convolution;
    std::array<ResidualBlock, 2> residual;
  };

  static std::vector<Stage> make_stages(ParameterSet& set, const std::vector<std::int64_t>& channels, std::int64_t in);

  std::int64_t features_;
  std::vector<Stage> stages_;
  LinearLayer fc_;
};

}  // namespace srwm
