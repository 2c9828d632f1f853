// Res-12, the residual image encoder of few-shot learning (Mishra et al., 2018; Oreshkin et al., 2018).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/image_encoder.h"

namespace srwm {

/// Four blocks of 1, 1.5, 2, 4 times options.channels ("big": 1, 2, 4, 8 times), then the mean over space; the
/// published models have 64, 96, 128, 256 and 64, 128, 256, 512. A block:
///     a = act(norm1(conv1(x))),  b = act(norm2(conv2(a))),
///     y = maxpool2x2(act(norm3(conv3(b)) + norm(conv1x1(x)))),   act = LeakyReLU 0.1
/// with convolutions without bias, 3x3 but for the last. Dropout after the pool (kinds base, 2d) or there and on a and
/// b (inblock, 2d_inblock). Parameters: stem_resnet12.layer<1..4>.conv<1..3>.weight, .bn<1..3>.*, .downsample.0.weight
/// and .downsample.1.*.
class Res12 final : public ImageEncoder {
 public:
  Res12(ParameterSet& set, const VisionOptions& options, const ImageShape& image, DropoutSites& sites);

  /// Channels of the four blocks.
  static std::array<std::int64_t, 4> channels(const VisionOptions& options);

  std::int64_t features() const override { return features_; }
  Variable operator()(Tape& tape, const Variable& images, ForwardMode mode) const override;

 private:
  struct Norm {
    Parameter *gamma, *beta;
    Tensor running_mean, running_var;
  };
  struct Block {
    std::string name;
    std::array<Parameter*, 3> convolutions;
    std::array<Norm, 3> norms;
    Parameter* shortcut;
    Norm shortcut_norm;
    std::array<DropoutLayer, 3> dropouts;
  };

  static Block make_block(ParameterSet& set, int number, std::int64_t in, std::int64_t out,
                          const VisionOptions& options, DropoutSites& sites);
  static Norm make_norm(ParameterSet& set, const std::string& prefix, std::int64_t channels);
  /// act(norm(x) + residual); slope 1: no activation, an absent residual: none.
  static Variable normalize(Tape& tape, const Norm& norm, const Variable& x, const Variable& residual, double slope,
                            ForwardMode mode);
  static Variable shortcut(Tape& tape, const Block& block, const Variable& x, ForwardMode mode);
  static Variable apply(Tape& tape, const Block& block, const Variable& x, ForwardMode mode);

  std::vector<Block> blocks_;
  std::int64_t features_ = 0;
};

}  // namespace srwm
