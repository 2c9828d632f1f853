// Conv-4, the image encoder of Matching Networks (Vinyals et al., 2016).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/image_encoder.h"

namespace srwm {

/// Four times [3x3 convolution with bias, batch-norm, 2x2 max-pool, dropout, ReLU]. Images [M, H, W, C] to features
/// [M, channels * (H/16) * (W/16)], flattened in C, H, W order. Parameters: conv_layers.<i>.0.* (convolution) and
/// conv_layers.<i>.1.* (batch-norm).
class Conv4 final : public ImageEncoder {
 public:
  Conv4(ParameterSet& set, const VisionOptions& options, const ImageShape& image, DropoutSites& sites);

  std::int64_t features() const override { return features_; }
  Variable operator()(Tape& tape, const Variable& images, ForwardMode mode) const override;

 private:
  struct Block {
    std::string name;
    Parameter *weight, *bias, *gamma, *beta;
    Tensor running_mean, running_var;
    DropoutLayer dropout;
  };

  Block make_block(ParameterSet& set, int index, std::int64_t in_channels, const VisionOptions& options,
                   DropoutSites& sites);
  static Variable apply(Tape& tape, const Block& block, const Variable& x, ForwardMode mode);

  std::vector<Block> blocks_;
  std::int64_t features_ = 0;
};

}  // namespace srwm
