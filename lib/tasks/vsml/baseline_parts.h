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

/// A parameter and, while a network is trained by backpropagation, where its gradient is added up.
template <typename Real>
struct Weights {
  const Real* value = nullptr;
  Real* gradient = nullptr;
};

/// Hands out the parameters of theta in their order. Without a gradient nothing is kept for backward.
template <typename Real>
class ThetaReader {
 public:
  ThetaReader(const Real* theta, Real* gradient) : theta_(theta), gradient_(gradient) {}
  Weights<Real> take(std::int64_t count) {
    const std::int64_t at = at_;
    at_ += count;
    return {theta_ + at, gradient_ == nullptr ? nullptr : gradient_ + at};
  }
  bool has_gradient() const { return gradient_ != nullptr; }

 private:
  const Real* theta_;
  Real* gradient_;
  std::int64_t at_ = 0;
};

/// What forward calls leave for backward calls, which come in reverse order.
template <typename Saved>
class History {
 public:
  void push(Saved saved) { stack_.push_back(std::move(saved)); }
  Saved pop() {
    Saved last = std::move(stack_.back());
    stack_.pop_back();
    return last;
  }

 private:
  std::vector<Saved> stack_;
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

/// dL/dW += x^T dL/dy.
template <typename Real>
void add_outer(std::span<const Real> x, std::span<const Real> dL_dy, Real* dL_dw) {
  for (const Real value : x) {
    for (std::size_t j = 0; j < dL_dy.size(); ++j) dL_dw[j] += value * dL_dy[j];
    dL_dw += dL_dy.size();
  }
}

/// dL/dx += dL/dy W^T.
template <typename Real>
void add_transposed(std::span<const Real> dL_dy, const Real* w, std::span<Real> dL_dx) {
  for (Real& value : dL_dx) {
    for (std::size_t j = 0; j < dL_dy.size(); ++j) value += dL_dy[j] * w[j];
    w += dL_dy.size();
  }
}

template <typename Real>
void add_to(std::span<Real> sum, std::span<const Real> more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

/// From y = tanh(x) and dL/dy.
template <typename Real>
void tanh_backward(std::span<const Real> y, std::span<Real> dL_dy) {
  for (std::size_t i = 0; i < y.size(); ++i) dL_dy[i] *= 1 - y[i] * y[i];
}

/// dL/dx from y = softmax(x) and dL/dy: y (dL/dy - y . dL/dy).
template <typename Real>
void softmax_backward(std::span<const Real> y, std::span<Real> dL_dy) {
  const Real mean = std::inner_product(y.begin(), y.end(), dL_dy.begin(), Real(0));
  for (std::size_t i = 0; i < y.size(); ++i) dL_dy[i] = y[i] * (dL_dy[i] - mean);
}

/// y = x W + b: W [in, out], b [out].
template <typename Real>
class LinearPart {
 public:
  LinearPart(ThetaReader<Real>& theta, std::int64_t in, std::int64_t out)
      : w_(theta.take(in * out)),
        b_(theta.take(out)),
        out_(static_cast<std::size_t>(out)),
        dL_dx_(static_cast<std::size_t>(in)) {}

  std::span<Real> operator()(std::span<const Real> x) {
    std::copy_n(b_.value, out_.size(), out_.begin());
    add_product(x, w_.value, std::span(out_));
    if (w_.gradient != nullptr) inputs_.push({x.begin(), x.end()});
    return out_;
  }

  /// dL/dx of the last call that is not undone yet.
  std::span<const Real> backward(std::span<const Real> dL_dy) {
    const std::vector<Real> x = inputs_.pop();
    add_outer(std::span<const Real>(x), dL_dy, w_.gradient);
    add_to(std::span(b_.gradient, dL_dy.size()), dL_dy);
    std::ranges::fill(dL_dx_, Real(0));
    add_transposed(dL_dy, w_.value, std::span(dL_dx_));
    return dL_dx_;
  }

 private:
  Weights<Real> w_, b_;
  std::vector<Real> out_, dL_dx_;
  History<std::vector<Real>> inputs_;
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
        z_of_x_(4 * h_.size()),
        dL_dx_(static_cast<std::size_t>(in)),
        dL_dh_(h_.size()),
        dL_dc_(h_.size()) {}

  /// `ticks` times on the same input.
  std::span<const Real> operator()(std::span<const Real> x, std::int64_t ticks) {
    std::copy_n(b_.value, z_of_x_.size(), z_of_x_.begin());
    add_product(x, w_.value, std::span(z_of_x_));
    for (std::int64_t i = 0; i < ticks; ++i) tick(w_.value + x.size() * z_of_x_.size());
    if (w_.gradient != nullptr) inputs_.push({{x.begin(), x.end()}, ticks});
    return h_;
  }

  /// dL/dx of the last call that is not undone yet, from dL/dh of what it returned; what later calls add to that is
  /// known.
  std::span<const Real> backward(std::span<const Real> dL_dh) {
    const Input input = inputs_.pop();
    const std::size_t offset = input.x.size() * z_of_x_.size();
    add_to(std::span(dL_dh_), dL_dh);
    std::vector<Real> dL_dz_of_x(z_of_x_.size());
    for (std::int64_t i = 0; i < input.ticks; ++i) tick_backward(offset, dL_dz_of_x);
    const std::span<const Real> dL_dz(dL_dz_of_x);
    add_outer(std::span<const Real>(input.x), dL_dz, w_.gradient);
    add_to(std::span(b_.gradient, dL_dz.size()), dL_dz);
    std::ranges::fill(dL_dx_, Real(0));
    add_transposed(dL_dz, w_.value, std::span(dL_dx_));
    return dL_dx_;
  }

 private:
  struct Input {
    std::vector<Real> x;
    std::int64_t ticks;
  };
  struct Tick {
    std::vector<Real> h, c;    ///< before
    std::vector<Real> z;       ///< the gates after their functions
    std::vector<Real> tanh_c;  ///< after
  };

  void tick(const Real* w_of_h) {
    const std::size_t units = h_.size();
    Tick tick{h_, c_, z_of_x_, h_};
    add_product(std::span<const Real>(tick.h), w_of_h, std::span(tick.z));
    for (std::size_t u = 0; u < units; ++u) {
      const Real i = tick.z[u] = sigmoid_of(tick.z[u]);
      const Real g = tick.z[units + u] = std::tanh(tick.z[units + u]);
      const Real f = tick.z[2 * units + u] = sigmoid_of(tick.z[2 * units + u] + 1);
      const Real o = tick.z[3 * units + u] = sigmoid_of(tick.z[3 * units + u]);
      c_[u] = f * c_[u] + i * g;
      tick.tanh_c[u] = std::tanh(c_[u]);
      h_[u] = o * tick.tanh_c[u];
    }
    if (w_.gradient != nullptr) ticks_.push(std::move(tick));
  }

  void tick_backward(std::size_t offset, std::vector<Real>& dL_dz_of_x) {
    const Tick tick = ticks_.pop();
    const std::size_t units = h_.size();
    std::vector<Real> dz(4 * units);
    for (std::size_t u = 0; u < units; ++u) {
      const Real i = tick.z[u], g = tick.z[units + u], f = tick.z[2 * units + u], o = tick.z[3 * units + u];
      const Real dh = dL_dh_[u], dc = dL_dc_[u] + dh * o * (1 - tick.tanh_c[u] * tick.tanh_c[u]);
      dz[u] = dc * g * i * (1 - i);
      dz[units + u] = dc * i * (1 - g * g);
      dz[2 * units + u] = dc * tick.c[u] * f * (1 - f);
      dz[3 * units + u] = dh * tick.tanh_c[u] * o * (1 - o);
      dL_dc_[u] = dc * f;
    }
    const std::span<const Real> dL_dz(dz);
    add_outer(std::span<const Real>(tick.h), dL_dz, w_.gradient + offset);
    std::ranges::fill(dL_dh_, Real(0));
    add_transposed(dL_dz, w_.value + offset, std::span(dL_dh_));
    add_to(std::span(dL_dz_of_x), dL_dz);
  }

  Weights<Real> w_, b_;
  std::vector<Real> h_, c_, z_of_x_;
  std::vector<Real> dL_dx_, dL_dh_, dL_dc_;  ///< the latter of the state before the calls that are undone
  History<Input> inputs_;
  History<Tick> ticks_;
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
      Convolution& convolution = convolutions_.emplace_back();
      convolution.layer = layer;
      convolution.w = theta.take(9 * layer.in * layer.channels);
      convolution.b = theta.take(layer.channels);
      convolution.out.resize(static_cast<std::size_t>(layer.out_size * layer.out_size * layer.channels));
    }
  }

  std::span<const Real> operator()(std::span<const Real> image) {
    for (Convolution& convolution : convolutions_) {
      run(convolution, image.data());
      for (Real& y : convolution.out) y = is_last(convolution) ? std::tanh(y) : std::max(y, Real(0));
      if (convolution.w.gradient != nullptr) {
        convolution.calls.push({{image.begin(), image.end()}, convolution.out});
      }
      image = convolution.out;
    }
    return image;
  }

  /// Adds the gradients of the last call that is not undone yet, from dL/d its features.
  void backward(std::span<const Real> dL_dfeatures) {
    std::vector<Real> dL_dout(dL_dfeatures.begin(), dL_dfeatures.end());
    for (std::size_t k = convolutions_.size(); k-- > 0;) {
      Convolution& convolution = convolutions_[k];
      const Call call = convolution.calls.pop();
      if (is_last(convolution)) {
        tanh_backward(std::span<const Real>(call.out), std::span(dL_dout));
      } else {
        for (std::size_t i = 0; i < dL_dout.size(); ++i) dL_dout[i] = call.out[i] > 0 ? dL_dout[i] : Real(0);
      }
      dL_dout = run_backward(convolution, call, dL_dout);
    }
  }

 private:
  struct Call {
    std::vector<Real> image, out;  ///< out: behind the nonlinearity
  };
  struct Convolution {
    Layer layer;
    Weights<Real> w, b;  ///< [3, 3, in, channels], [channels]
    std::vector<Real> out;
    History<Call> calls;
  };

  bool is_last(const Convolution& convolution) const { return &convolution == &convolutions_.back(); }

  /// body(output position, tap, the pixel below the tap) for all taps that lie within the image.
  template <typename Body>
  static void for_each_tap(const Layer& n, const Body& body) {
    const std::int64_t before = std::max<std::int64_t>(0, 2 * (n.out_size - 1) + 3 - n.size) / 2;
    for (std::int64_t place = 0; place < n.out_size * n.out_size; ++place) {
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const std::int64_t y = 2 * (place / n.out_size) + tap / 3 - before;
        const std::int64_t x = 2 * (place % n.out_size) + tap % 3 - before;
        if (y >= 0 && y < n.size && x >= 0 && x < n.size) body(place, tap, y * n.size + x);
      }
    }
  }

  static void run(Convolution& convolution, const Real* image) {
    const Layer& n = convolution.layer;
    const auto in = static_cast<std::size_t>(n.in), channels = static_cast<std::size_t>(n.channels);
    for (std::int64_t place = 0; place < n.out_size * n.out_size; ++place) {
      std::copy_n(convolution.b.value, channels, convolution.out.data() + place * n.channels);
    }
    for_each_tap(n, [&](std::int64_t place, std::int64_t tap, std::int64_t pixel) {
      add_product(std::span(image + pixel * n.in, in), convolution.w.value + tap * n.in * n.channels,
                  std::span(convolution.out.data() + place * n.channels, channels));
    });
  }

  /// dL/d image.
  static std::vector<Real> run_backward(Convolution& convolution, const Call& call, const std::vector<Real>& dL_dout) {
    const Layer& n = convolution.layer;
    const auto in = static_cast<std::size_t>(n.in), channels = static_cast<std::size_t>(n.channels);
    const auto at = [&](std::int64_t place) { return std::span(dL_dout.data() + place * n.channels, channels); };
    std::vector<Real> dL_dimage(call.image.size());
    for (std::int64_t place = 0; place < n.out_size * n.out_size; ++place) {
      add_to(std::span(convolution.b.gradient, channels), at(place));
    }
    for_each_tap(n, [&](std::int64_t place, std::int64_t tap, std::int64_t pixel) {
      const std::int64_t weights = tap * n.in * n.channels;
      add_outer(std::span(call.image.data() + pixel * n.in, in), at(place), convolution.w.gradient + weights);
      add_transposed(at(place), convolution.w.value + weights, std::span(dL_dimage.data() + pixel * n.in, in));
    });
    return dL_dimage;
  }

  std::vector<Convolution> convolutions_;
};

}  // namespace srwm
