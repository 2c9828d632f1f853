// What the networks of baseline_net.h are made of, in Haiku's conventions.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "tasks/vsml/image_shape.h"

namespace srwm {

/// Hands out the parameters of theta in their order.
template <typename Real>
class ThetaReader {
 public:
  explicit ThetaReader(const Real* theta) : at_(theta) {}
  const Real* take(std::int64_t count) { return (at_ += count) - count; }

 private:
  const Real* at_;
};

template <typename Real>
Real sigmoid_of(Real z) {
  return 1 / (1 + std::exp(-z));
}

template <typename Real>
void tanh_all(std::span<Real> values) {
  for (Real& value : values) value = std::tanh(value);
}

template <typename Real>
void softmax_all(std::span<Real> values) {
  const Real largest = *std::ranges::max_element(values);
  Real sum = 0;
  for (Real& value : values) sum += value = std::exp(value - largest);
  for (Real& value : values) value /= sum;
}

/// y += x W, W [x.size(), y.size()].
template <typename Real>
void add_product(std::span<const Real> x, const Real* w, std::span<Real> y) {
  for (const Real value : x) {
    for (std::size_t j = 0; j < y.size(); ++j) y[j] += value * w[j];
    w += y.size();
  }
}

/// y = x W + b: W [in, out], b [out].
template <typename Real>
class LinearPart {
 public:
  LinearPart(ThetaReader<Real>& theta, std::int64_t in, std::int64_t out)
      : w_(theta.take(in * out)), b_(theta.take(out)), out_(static_cast<std::size_t>(out)) {}

  std::span<Real> operator()(std::span<const Real> x) {
    std::copy_n(b_, out_.size(), out_.begin());
    add_product(x, w_, std::span(out_));
    return out_;
  }

 private:
  const Real *w_, *b_;
  std::vector<Real> out_;
};

/// [i, g, f, o] = [x, h] W + b;  c' = sigmoid(f + 1) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c').
template <typename Real>
class LstmPart {
 public:
  LstmPart(ThetaReader<Real>& theta, std::int64_t in, std::int64_t units)
      : w_(theta.take((in + units) * 4 * units)),
        b_(theta.take(4 * units)),
        h_(static_cast<std::size_t>(units)),
        c_(h_.size()),
        z_(4 * h_.size()),
        z_of_x_(z_.size()) {}

  /// `ticks` times on the same input.
  std::span<const Real> operator()(std::span<const Real> x, std::int64_t ticks) {
    const std::size_t units = h_.size();
    std::copy_n(b_, z_.size(), z_of_x_.begin());
    add_product(x, w_, std::span(z_of_x_));
    for (std::int64_t tick = 0; tick < ticks; ++tick) {
      z_ = z_of_x_;
      add_product(std::span<const Real>(h_), w_ + x.size() * z_.size(), std::span(z_));
      for (std::size_t u = 0; u < units; ++u) {
        const Real i = sigmoid_of(z_[u]), g = std::tanh(z_[units + u]);
        const Real f = sigmoid_of(z_[2 * units + u] + 1), o = sigmoid_of(z_[3 * units + u]);
        c_[u] = f * c_[u] + i * g;
        h_[u] = o * std::tanh(c_[u]);
      }
    }
    return h_;
  }

 private:
  const Real *w_, *b_;
  std::vector<Real> h_, c_, z_, z_of_x_;
};

/// Three 3 x 3 convolutions with stride 2 and relu, relu, tanh behind them; the identity without channels. Zeros around
/// an image are TensorFlow's "SAME": of an odd number the larger half is behind.
template <typename Real>
class ConvolutionsPart {
 public:
  static constexpr int layers = 3;

  struct Layer {
    std::int64_t size, in, out_size, channels;  ///< height and width, channels in; the same of the outputs
  };
  /// The layers on square images of so many numbers. SpecError if they are not square.
  static std::array<Layer, layers> layers_for(std::int64_t inputs, std::int64_t channels) {
    std::array<Layer, layers> all{};
    const auto [height, width, in] = image_of(inputs);
    Layer layer{.size = height, .in = in, .out_size = (height + 1) / 2, .channels = channels};
    for (Layer& l : all) {
      l = layer;
      layer = {.size = l.out_size, .in = channels, .out_size = (l.out_size + 1) / 2, .channels = channels};
    }
    return all;
  }
  /// Numbers that come out.
  static std::int64_t features(std::int64_t inputs, std::int64_t channels) {
    if (channels == 0) return inputs;
    const Layer last = layers_for(inputs, channels).back();
    return last.out_size * last.out_size * last.channels;
  }

  ConvolutionsPart(ThetaReader<Real>& theta, std::int64_t inputs, std::int64_t channels) {
    if (channels == 0) return;
    for (const Layer& layer : layers_for(inputs, channels)) {
      const Real* w = theta.take(9 * layer.in * layer.channels);
      const Real* b = theta.take(layer.channels);
      convolutions_.push_back({layer, w, b, {}});
      convolutions_.back().out.resize(static_cast<std::size_t>(layer.out_size * layer.out_size * layer.channels));
    }
  }

  std::span<const Real> operator()(std::span<const Real> image) {
    for (Convolution& convolution : convolutions_) {
      run(convolution, image.data());
      const bool is_last = &convolution == &convolutions_.back();
      for (Real& y : convolution.out) y = is_last ? std::tanh(y) : std::max(y, Real(0));
      image = convolution.out;
    }
    return image;
  }

 private:
  struct Convolution {
    Layer layer;
    const Real *w, *b;  ///< [3, 3, in, channels], [channels]
    std::vector<Real> out;
  };

  static void run(Convolution& convolution, const Real* image) {
    const Layer& n = convolution.layer;
    const std::int64_t before = std::max<std::int64_t>(0, 2 * (n.out_size - 1) + 3 - n.size) / 2;
    Real* out = convolution.out.data();
    for (std::int64_t place = 0; place < n.out_size * n.out_size; ++place, out += n.channels) {
      std::copy_n(convolution.b, n.channels, out);
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const std::int64_t y = 2 * (place / n.out_size) + tap / 3 - before;
        const std::int64_t x = 2 * (place % n.out_size) + tap % 3 - before;
        if (y < 0 || y >= n.size || x < 0 || x >= n.size) continue;
        add_product({image + (y * n.size + x) * n.in, static_cast<std::size_t>(n.in)},
                    convolution.w + tap * n.in * n.channels, std::span(out, static_cast<std::size_t>(n.channels)));
      }
    }
  }

  std::vector<Convolution> convolutions_;
};

}  // namespace srwm
