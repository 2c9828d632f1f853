// Meta RNN: an LSTM that sees what it predicted wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/baseline_parts.h"
#include "tasks/vsml/sight_part.h"

namespace srwm {

/// out = output(lstm([x, error, label of the example before])), the LSTM running micro_ticks times on the same input.
template <typename Real>
class MetaRnnNet final : public BaselineNet<Real> {
 public:
  MetaRnnNet(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : ticks_(options.micro_ticks),
        sight_(options, shape, theta),
        lstm_(theta, features_of(options, shape) + 2 * shape.classes, options.lstm_units),
        output_(theta, options.lstm_units, shape.classes) {}

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    std::ranges::copy(output_(lstm_(sight_(x, before), ticks_)), out.begin());
  }

  void predict_backward(std::span<const Real> dL_dout, Feedback<Real>& dL_dbefore) override {
    sight_.backward(lstm_.backward(output_.backward(dL_dout)), dL_dbefore);
  }

 private:
  std::int64_t ticks_;
  SightPart<Real> sight_;
  LstmPart<Real> lstm_;
  LinearPart<Real> output_;
};

}  // namespace srwm
