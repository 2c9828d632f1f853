// What the recurrent networks of baseline_net.h see of an example and of the one before.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/baseline_parts.h"

namespace srwm {

/// Channels of the convolutions in front, as published; 0: there are none.
inline std::int64_t channels_of(const BaselineOptions& options) {
  if (!options.convolutions) return 0;
  return options.kind == BaselineKind::meta_rnn ? 64 : 8;
}

/// Numbers that stand for an image: its pixels, or what the convolutions make of them.
inline std::int64_t features_of(const BaselineOptions& options, const EpisodeShape& shape) {
  return ConvolutionsPart<float>::features(shape.inputs, channels_of(options));
}

template <typename Real>
void append(std::vector<Real>& list, std::span<const Real> more) {
  list.insert(list.end(), more.begin(), more.end());
}

/// [features of x, error, label of the example before].
template <typename Real>
class SightPart {
 public:
  SightPart(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real>& theta)
      : convolutions_(theta, shape.inputs, channels_of(options)),
        features_(static_cast<std::size_t>(features_of(options, shape))) {}

  std::span<const Real> operator()(std::span<const Real> x, const Feedback<Real>& before) {
    seen_.clear();
    append(seen_, convolutions_(x));
    append<Real>(seen_, before.error);
    append<Real>(seen_, before.label);
    return seen_;
  }

  void backward(std::span<const Real> dL_dseen, Feedback<Real>& dL_dbefore) {
    convolutions_.backward(dL_dseen.first(features_));
    std::ranges::copy(dL_dseen.subspan(features_, dL_dbefore.error.size()), dL_dbefore.error.begin());
    std::ranges::fill(dL_dbefore.logits, Real(0));
  }

 private:
  ConvolutionsPart<Real> convolutions_;
  std::size_t features_;
  std::vector<Real> seen_;
};

}  // namespace srwm
