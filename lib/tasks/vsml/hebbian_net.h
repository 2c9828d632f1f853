// Hebbian fast weights: a layer whose weights change with what goes in and out.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/baseline_parts.h"
#include "tasks/vsml/sight_part.h"

namespace srwm {

/// out = in (w + coeff * F) + b for in = [x, 0, 0]. Then, with y = softmax of the out that in = [x, error, label] gives
/// and eta = sigmoid(fw_lr): F_ab += eta y_b (in_a - y_b F_ab) (Oja), or F_ab += eta (in_a y_b - F_ab) (Hebb).
template <typename Real>
class HebbianNet final : public BaselineNet<Real> {
 public:
  HebbianNet(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : oja_(options.oja),
        records_(theta.has_gradient()),
        features_(static_cast<std::size_t>(features_of(options, shape))),
        classes_(static_cast<std::size_t>(shape.classes)),
        convolutions_(theta, shape.inputs, channels_of(options)),
        in_(features_ + 2 * classes_) {
    const auto weights = static_cast<std::int64_t>(in_.size() * classes_);
    w_ = theta.take(weights);
    coeff_ = theta.take(weights);
    fw_lr_ = theta.take(1);
    eta_ = sigmoid_of(*fw_lr_.value);
    b_ = theta.take(shape.classes);
    fast_.resize(static_cast<std::size_t>(weights));
    dL_dfast_.resize(fast_.size());
    dL_din_.resize(in_.size());
  }

  void predict(std::span<const Real> x, const Feedback<Real>&, std::span<Real> out) override {
    std::ranges::fill(in_, Real(0));
    std::ranges::copy(convolutions_(x), in_.begin());
    forward(out);
  }

  void learn(const Feedback<Real>& now) override {
    std::ranges::copy(now.error, in_.begin() + static_cast<std::ptrdiff_t>(features_));
    std::ranges::copy(now.label, in_.begin() + static_cast<std::ptrdiff_t>(features_ + classes_));
    std::vector<Real> y(classes_);
    forward(y);
    softmax_all(std::span(y));
    if (records_) steps_.push({in_, y, fast_});
    for_each_weight([&](std::size_t a, std::size_t b, std::size_t i) {
      fast_[i] += oja_ ? eta_ * y[b] * (in_[a] - y[b] * fast_[i]) : eta_ * (in_[a] * y[b] - fast_[i]);
    });
  }

  void learn_backward(Feedback<Real>& dL_dnow) override {
    Step step = steps_.pop();
    in_ = std::move(step.in);
    fast_ = std::move(step.fast);
    const std::vector<Real>& y = step.y;
    std::vector<Real> dL_dy(classes_);
    std::ranges::fill(dL_din_, Real(0));
    Real dL_deta = 0;
    for_each_weight([&](std::size_t a, std::size_t b, std::size_t i) {
      const Real g = dL_dfast_[i], in = in_[a], f = fast_[i];
      dL_deta += g * (oja_ ? y[b] * (in - y[b] * f) : in * y[b] - f);
      dL_dy[b] += g * eta_ * (oja_ ? in - 2 * y[b] * f : in);
      dL_din_[a] += g * eta_ * y[b];
      dL_dfast_[i] = g * (1 - eta_ * (oja_ ? y[b] * y[b] : Real(1)));
    });
    *fw_lr_.gradient += dL_deta * eta_ * (1 - eta_);
    softmax_backward(std::span<const Real>(y), std::span(dL_dy));
    backward(dL_dy);
    for (std::size_t b = 0; b < classes_; ++b) dL_dnow.error[b] += dL_din_[features_ + b];
  }

  /// The features of the image go on from `learn_backward`, which undid what saw them last.
  void predict_backward(std::span<const Real> dL_dout, Feedback<Real>& dL_dbefore) override {
    std::fill(in_.begin() + static_cast<std::ptrdiff_t>(features_), in_.end(), Real(0));
    backward(dL_dout);
    convolutions_.backward(std::span<const Real>(dL_din_).first(features_));
    std::ranges::fill(dL_dbefore.error, Real(0));
    std::ranges::fill(dL_dbefore.logits, Real(0));
  }

 private:
  struct Step {
    std::vector<Real> in, y, fast;  ///< fast: before
  };

  /// body(a, b, their place in a matrix)
  template <typename Body>
  void for_each_weight(const Body& body) const {
    for (std::size_t a = 0, i = 0; a < in_.size(); ++a) {
      for (std::size_t b = 0; b < classes_; ++b, ++i) body(a, b, i);
    }
  }

  void forward(std::span<Real> out) const {
    std::copy_n(b_.value, classes_, out.begin());
    for_each_weight([&](std::size_t a, std::size_t b, std::size_t i) {
      out[b] += in_[a] * (w_.value[i] + coeff_.value[i] * fast_[i]);
    });
  }

  /// Adds to the gradients of the parameters, of F and of in_.
  void backward(std::span<const Real> dL_dout) {
    add_to(std::span(b_.gradient, classes_), dL_dout);
    for_each_weight([&](std::size_t a, std::size_t b, std::size_t i) {
      const Real g = in_[a] * dL_dout[b];
      w_.gradient[i] += g;
      coeff_.gradient[i] += g * fast_[i];
      dL_dfast_[i] += g * coeff_.value[i];
      dL_din_[a] += dL_dout[b] * (w_.value[i] + coeff_.value[i] * fast_[i]);
    });
  }

  bool oja_, records_;
  std::size_t features_, classes_;
  ConvolutionsPart<Real> convolutions_;
  Weights<Real> w_, coeff_, fw_lr_, b_;
  Real eta_;
  std::vector<Real> in_, fast_;  ///< fast_: F [in, classes]
  std::vector<Real> dL_dfast_, dL_din_;
  History<Step> steps_;
};

}  // namespace srwm
