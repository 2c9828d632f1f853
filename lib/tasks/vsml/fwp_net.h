// Fast weight programmer: a slow network that programs a fast one by the delta rule.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/baseline_parts.h"
#include "tasks/vsml/sight_part.h"

namespace srwm {

/// [k, v, q, beta] = linear [x, logits, error, label of the example before];
///     F <- F + sigmoid(beta) k^T (v - k F),  out = q F
template <typename Real>
class FwpNet final : public BaselineNet<Real> {
 public:
  FwpNet(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta,
         std::span<const Real> fast_weights)
      : records_(theta.has_gradient()),
        size_(static_cast<std::size_t>(options.fast_size)),
        classes_(static_cast<std::size_t>(shape.classes)),
        inputs_(static_cast<std::size_t>(shape.inputs)),
        slow_(theta, shape.inputs + 3 * shape.classes, 2 * options.fast_size + shape.classes + 1),
        fast_(fast_weights.begin(), fast_weights.end()),
        dL_dfast_(fast_.size()) {
    SRWM_CHECK(fast_.size() == size_ * classes_, "{} fast weights", fast_.size());
  }

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    in_.assign(x.begin(), x.end());
    append<Real>(in_, before.logits);
    append<Real>(in_, before.error);
    append<Real>(in_, before.label);
    const std::span<Real> slow = slow_(in_);
    Step step{{slow.begin(), slow.end()}, sigmoid_of(slow.back()), std::vector<Real>(classes_), fast_};
    step.difference.assign(value(step).begin(), value(step).end());
    std::vector<Real> old(classes_);
    add_product(key(step), fast_.data(), std::span(old));
    for (std::size_t b = 0; b < classes_; ++b) step.difference[b] -= old[b];
    for_each_weight([&](std::size_t i, std::size_t b, std::size_t at) {
      fast_[at] += step.beta * key(step)[i] * step.difference[b];
    });
    std::ranges::fill(out, Real(0));
    add_product(query(step), fast_.data(), out);
    if (records_) steps_.push(std::move(step));
  }

  void predict_backward(std::span<const Real> dL_dout, Feedback<Real>& dL_dbefore) override {
    Step step = steps_.pop();
    std::vector<Real> dL_dslow(step.slow.size()), dL_dchange(classes_);
    const std::span<Real> dL_dkey = std::span(dL_dslow).first(size_);
    const std::span<Real> dL_dvalue = std::span(dL_dslow).subspan(size_, classes_);
    const std::span<Real> dL_dquery = std::span(dL_dslow).subspan(size_ + classes_, size_);
    // out = q F
    add_transposed(dL_dout, fast_.data(), dL_dquery);
    add_outer(query(step), dL_dout, dL_dfast_.data());
    // F = F_before + beta k^T difference
    for_each_weight([&](std::size_t i, std::size_t b, std::size_t at) {
      dL_dkey[i] += dL_dfast_[at] * step.beta * step.difference[b];
      dL_dchange[b] += dL_dfast_[at] * key(step)[i];
    });
    Real dL_dbeta = 0;
    for (std::size_t b = 0; b < classes_; ++b) {
      dL_dbeta += dL_dchange[b] * step.difference[b];
      dL_dvalue[b] = dL_dchange[b] * step.beta;
    }
    // difference = v - k F_before
    for_each_weight([&](std::size_t i, std::size_t b, std::size_t at) {
      dL_dkey[i] -= dL_dvalue[b] * step.fast[at];
      dL_dfast_[at] -= dL_dvalue[b] * key(step)[i];
    });
    dL_dslow.back() = dL_dbeta * step.beta * (1 - step.beta);
    fast_ = std::move(step.fast);
    const std::span<const Real> dL_din = slow_.backward(dL_dslow);
    std::ranges::copy(dL_din.subspan(inputs_, classes_), dL_dbefore.logits.begin());
    std::ranges::copy(dL_din.subspan(inputs_ + classes_, classes_), dL_dbefore.error.begin());
  }

 private:
  struct Step {
    std::vector<Real> slow;  ///< k, v, q, beta before its sigmoid
    Real beta;
    std::vector<Real> difference;  ///< v - k F
    std::vector<Real> fast;        ///< before
  };

  std::span<const Real> key(const Step& step) const { return std::span(step.slow).first(size_); }
  std::span<const Real> value(const Step& step) const { return std::span(step.slow).subspan(size_, classes_); }
  std::span<const Real> query(const Step& step) const { return std::span(step.slow).subspan(size_ + classes_, size_); }

  /// body(component of a key, class, their place in F)
  template <typename Body>
  void for_each_weight(const Body& body) const {
    for (std::size_t i = 0, at = 0; i < size_; ++i) {
      for (std::size_t b = 0; b < classes_; ++b, ++at) body(i, b, at);
    }
  }

  bool records_;
  std::size_t size_, classes_, inputs_;
  LinearPart<Real> slow_;
  std::vector<Real> fast_, dL_dfast_, in_;  ///< fast_: F [size, classes]
  History<Step> steps_;
};

}  // namespace srwm
