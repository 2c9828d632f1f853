// Fast weight memory: an LSTM that writes into and reads from a matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/baseline_parts.h"
#include "tasks/vsml/sight_part.h"

namespace srwm {

/// An LSTM, [x, error, label of the example before] -> u, with a memory M [m, m^2]:
///     [k1, k2, v] = tanh(write_1 u), beta = sigmoid(write_2 u), k = vec(k1 k2^T)
///     M <- M + beta (v - M k) k^T,  M <- M / max(1, |M|)
///     [n, e] = tanh(read u),  out = output(u + projection(LayerNorm(M vec(n e^T))))
template <typename Real>
class FwMemoryNet final : public BaselineNet<Real> {
 public:
  FwMemoryNet(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : records_(theta.has_gradient()),
        m_(static_cast<std::size_t>(options.memory)),
        sight_(options, shape, theta),
        lstm_(theta, features_of(options, shape) + 2 * shape.classes, options.lstm_units),
        output_(theta, options.lstm_units, shape.classes),
        write_(theta, options.lstm_units, 3 * options.memory + 1),
        read_(theta, options.lstm_units, 2 * options.memory),
        projection_(theta, options.memory, options.lstm_units),
        memory_(m_ * m_ * m_),
        dL_dmemory_(memory_.size()) {}

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    const std::span<const Real> u = lstm_(sight_(x, before), 1);
    Step step;
    write(write_(u), step);
    const std::span<Real> keys = read_(u);
    tanh_all(keys);
    step.read_keys.assign(keys.begin(), keys.end());
    step.normalized = look_up(key_of(keys.first(m_), keys.last(m_)));
    step.deviation = normalize(step.normalized);
    std::vector<Real> sum(u.begin(), u.end());
    add_to(std::span(sum), std::span<const Real>(projection_(step.normalized)));
    std::ranges::copy(output_(sum), out.begin());
    if (records_) steps_.push(std::move(step));
  }

  void predict_backward(std::span<const Real> dL_dout, Feedback<Real>& dL_dbefore) override {
    Step step = steps_.pop();
    const std::span<const Real> dL_dsum = output_.backward(dL_dout);
    std::vector<Real> dL_du(dL_dsum.begin(), dL_dsum.end());
    read_backward(step, projection_.backward(dL_dsum), dL_du);
    write_backward(step, dL_du);
    memory_ = std::move(step.memory);
    sight_.backward(lstm_.backward(dL_du), dL_dbefore);
  }

 private:
  struct Step {
    std::vector<Real> memory;      ///< before
    std::vector<Real> write_keys;  ///< k1, k2, v
    Real beta = 0;
    std::vector<Real> difference;  ///< v - M k
    Real norm = 1;                 ///< that the memory was divided by
    std::vector<Real> read_keys;   ///< n, e
    std::vector<Real> normalized;  ///< what was read, after LayerNorm
    Real deviation = 1;            ///< that it was divided by
  };

  void write(std::span<Real> head, Step& step) {
    step.beta = sigmoid_of(head.back());
    const std::span<Real> keys = head.first(3 * m_);
    tanh_all(keys);
    const std::vector<Real> key = key_of(keys.first(m_), keys.subspan(m_, m_));
    step.difference.assign(keys.begin() + static_cast<std::ptrdiff_t>(2 * m_), keys.end());
    const std::vector<Real> old = look_up(key);
    for (std::size_t i = 0; i < m_; ++i) step.difference[i] -= old[i];
    if (records_) {
      step.memory = memory_;
      step.write_keys.assign(keys.begin(), keys.end());
    }
    Real squares = 0;
    for_each_element([&](std::size_t i, std::size_t j, std::size_t at) {
      memory_[at] += step.beta * step.difference[i] * key[j];
      squares += memory_[at] * memory_[at];
    });
    step.norm = std::max(Real(1), std::sqrt(squares));
    for (Real& element : memory_) element /= step.norm;
  }

  /// memory_ is that after the step.
  void read_backward(const Step& step, std::span<const Real> dL_dnormalized, std::vector<Real>& dL_du) {
    const auto count = static_cast<Real>(m_);
    Real mean = 0, along = 0;
    for (std::size_t i = 0; i < m_; ++i) {
      mean += dL_dnormalized[i] / count;
      along += dL_dnormalized[i] * step.normalized[i] / count;
    }
    std::vector<Real> dL_dsum(m_), dL_dkey(m_ * m_);
    for (std::size_t i = 0; i < m_; ++i) {
      dL_dsum[i] = (dL_dnormalized[i] - mean - step.normalized[i] * along) / step.deviation;
    }
    const std::span<const Real> keys(step.read_keys);
    const std::vector<Real> key = key_of(keys.first(m_), keys.last(m_));
    for_each_element([&](std::size_t i, std::size_t j, std::size_t at) {
      dL_dmemory_[at] += dL_dsum[i] * key[j];
      dL_dkey[j] += dL_dsum[i] * memory_[at];
    });
    std::vector<Real> dL_dhead(2 * m_);
    key_backward(keys, dL_dkey, dL_dhead);
    tanh_backward(keys, std::span(dL_dhead));
    add_to(std::span(dL_du), read_.backward(dL_dhead));
  }

  void write_backward(const Step& step, std::vector<Real>& dL_du) {
    // M = M' / norm
    if (step.norm > 1) {
      const Real along = std::inner_product(memory_.begin(), memory_.end(), dL_dmemory_.begin(), Real(0));
      for (std::size_t at = 0; at < memory_.size(); ++at) {
        dL_dmemory_[at] = (dL_dmemory_[at] - memory_[at] * along) / step.norm;
      }
    }
    // M' = M_before + beta difference k^T
    const std::span<const Real> keys(step.write_keys);
    const std::vector<Real> key = key_of(keys.first(m_), keys.subspan(m_, m_));
    std::vector<Real> dL_dchange(m_), dL_dkey(m_ * m_), dL_dhead(3 * m_ + 1);
    for_each_element([&](std::size_t i, std::size_t j, std::size_t at) {
      dL_dchange[i] += dL_dmemory_[at] * key[j];
      dL_dkey[j] += dL_dmemory_[at] * step.beta * step.difference[i];
    });
    Real dL_dbeta = 0;
    for (std::size_t i = 0; i < m_; ++i) {
      dL_dbeta += dL_dchange[i] * step.difference[i];
      dL_dhead[2 * m_ + i] = dL_dchange[i] * step.beta;  // of v, and less that of M k
    }
    for_each_element([&](std::size_t i, std::size_t j, std::size_t at) {
      const Real dL_dold = -dL_dhead[2 * m_ + i];
      dL_dmemory_[at] += dL_dold * key[j];
      dL_dkey[j] += dL_dold * step.memory[at];
    });
    key_backward(keys, dL_dkey, dL_dhead);
    tanh_backward(keys, std::span(dL_dhead).first(3 * m_));
    dL_dhead.back() = dL_dbeta * step.beta * (1 - step.beta);
    add_to(std::span(dL_du), write_.backward(dL_dhead));
  }

  /// body(row, column, their place in the memory)
  template <typename Body>
  void for_each_element(const Body& body) const {
    for (std::size_t i = 0, at = 0; i < m_; ++i) {
      for (std::size_t j = 0; j < m_ * m_; ++j, ++at) body(i, j, at);
    }
  }

  static std::vector<Real> key_of(std::span<const Real> first, std::span<const Real> second) {
    std::vector<Real> key;
    for (const Real x : first) {
      for (const Real y : second) key.push_back(x * y);
    }
    return key;
  }

  /// Adds to the gradients of the two vectors of a key, which come first in `keys` and in the head.
  void key_backward(std::span<const Real> keys, const std::vector<Real>& dL_dkey, std::vector<Real>& dL_dhead) const {
    for (std::size_t i = 0; i < m_; ++i) {
      for (std::size_t j = 0; j < m_; ++j) {
        dL_dhead[i] += dL_dkey[i * m_ + j] * keys[m_ + j];
        dL_dhead[m_ + j] += dL_dkey[i * m_ + j] * keys[i];
      }
    }
  }

  std::vector<Real> look_up(const std::vector<Real>& key) const {
    std::vector<Real> values(m_);
    for_each_element([&](std::size_t i, std::size_t j, std::size_t at) { values[i] += memory_[at] * key[j]; });
    return values;
  }

  /// LayerNorm without scale and offset; returns what the values were divided by.
  static Real normalize(std::vector<Real>& values) {
    const auto n = static_cast<Real>(values.size());
    const Real mean = std::accumulate(values.begin(), values.end(), Real(0)) / n;
    Real variance = 0;
    for (const Real value : values) variance += (value - mean) * (value - mean) / n;
    const Real deviation = std::sqrt(variance + Real(1e-5));
    for (Real& value : values) value = (value - mean) / deviation;
    return deviation;
  }

  bool records_;
  std::size_t m_;
  SightPart<Real> sight_;
  LstmPart<Real> lstm_;
  LinearPart<Real> output_, write_, read_, projection_;
  std::vector<Real> memory_, dL_dmemory_;
  History<Step> steps_;
};

}  // namespace srwm
