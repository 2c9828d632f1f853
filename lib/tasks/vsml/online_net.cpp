#include "tasks/vsml/online_net.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "tasks/vsml/read_out.h"

namespace srwm {

/// One layer inside the list of all parameters.
struct OnlineNetLayer {
  std::int64_t in, out, begin;

  std::int64_t biases() const { return begin + in * out; }
  std::int64_t end() const { return biases() + out; }
};

namespace {

void forward(const OnlineNetLayer& layer, const float* parameters, const float* x, float* z) {
  const float* weights = parameters + layer.begin;
  for (std::int64_t o = 0; o < layer.out; ++o) {
    float sum = 0;
    const float* row = weights + o * layer.in;
    for (std::int64_t i = 0; i < layer.in; ++i) sum += row[i] * x[i];
    z[o] = sum + parameters[layer.biases() + o];
  }
}

/// gradient: of the layer's parameters, from dL_dz.
void layer_gradient(const OnlineNetLayer& layer, const float* x, const float* dL_dz, float* gradient) {
  for (std::int64_t o = 0; o < layer.out; ++o) {
    float* row = gradient + layer.begin + o * layer.in;
    for (std::int64_t i = 0; i < layer.in; ++i) row[i] = dL_dz[o] * x[i];
    gradient[layer.biases() + o] = dL_dz[o];
  }
}

/// dL_dx = W^T dL_dz.
void input_gradient(const OnlineNetLayer& layer, const float* parameters, const float* dL_dz, float* dL_dx) {
  std::fill_n(dL_dx, layer.in, 0.0f);
  for (std::int64_t o = 0; o < layer.out; ++o) {
    const float* row = parameters + layer.begin + o * layer.in;
    for (std::int64_t i = 0; i < layer.in; ++i) dL_dx[i] += row[i] * dL_dz[o];
  }
}

}  // namespace

/// What changes while a stream is learned.
class OnlineNet::Learner {
 public:
  explicit Learner(const OnlineNet& net)
      : net_(net),
        first_{net.inputs_, net.hidden_ > 0 ? net.hidden_ : net.outputs_, 0},
        second_{net.hidden_, net.outputs_, first_.end()},
        parameters_(net.initial_),
        gradient_(parameters_.size()),
        hidden_(static_cast<std::size_t>(net.hidden_)),
        dL_dhidden_(hidden_.size()),
        dL_dz_(static_cast<std::size_t>(net.outputs_)) {
    if (net.options_.rule != OnlineRule::adam) return;
    m_.resize(parameters_.size());
    v_.resize(parameters_.size());
  }

  void predict(const float* x, float* logits) {
    if (net_.hidden_ == 0) {
      forward(first_, parameters_.data(), x, logits);
    } else {
      forward(first_, parameters_.data(), x, hidden_.data());
      for (float& h : hidden_) h = std::tanh(h);
      forward(second_, parameters_.data(), hidden_.data(), logits);
    }
    bound_logits(std::span(logits, dL_dz_.size()), net_.options_.bound);
  }

  void update(const float* x, std::int32_t label, const float* logits) {
    softmax_error<float>({logits, dL_dz_.size()}, label, dL_dz_);
    if (net_.options_.bound > 0) {
      for (std::size_t o = 0; o < dL_dz_.size(); ++o) {
        const double y = static_cast<double>(logits[o]) / net_.options_.bound;
        dL_dz_[o] *= static_cast<float>(1 - y * y);
      }
    }
    if (net_.hidden_ == 0) {
      layer_gradient(first_, x, dL_dz_.data(), gradient_.data());
    } else {
      layer_gradient(second_, hidden_.data(), dL_dz_.data(), gradient_.data());
      input_gradient(second_, parameters_.data(), dL_dz_.data(), dL_dhidden_.data());
      for (std::size_t i = 0; i < hidden_.size(); ++i) dL_dhidden_[i] *= 1 - hidden_[i] * hidden_[i];
      layer_gradient(first_, x, dL_dhidden_.data(), gradient_.data());
    }
    step();
  }

 private:
  void step() {
    const OnlineNetOptions& o = net_.options_;
    const auto rate = static_cast<float>(o.rate);
    ++steps_;
    if (o.rule == OnlineRule::sgd) {
      for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] -= rate * gradient_[i];
      return;
    }
    const auto t = static_cast<double>(steps_);
    const auto step_size = static_cast<float>(o.rate / (1 - std::pow(o.beta1, t)));
    const auto root_correction = static_cast<float>(std::sqrt(1 - std::pow(o.beta2, t)));
    const auto beta1 = static_cast<float>(o.beta1), beta2 = static_cast<float>(o.beta2);
    const auto eps = static_cast<float>(o.eps);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const float g = gradient_[i];
      m_[i] = beta1 * m_[i] + (1 - beta1) * g;
      v_[i] = beta2 * v_[i] + (1 - beta2) * g * g;
      parameters_[i] -= step_size * m_[i] / (std::sqrt(v_[i]) / root_correction + eps);
    }
  }

  const OnlineNet& net_;
  OnlineNetLayer first_, second_;  ///< the second only where there are hidden units
  std::vector<float> parameters_, gradient_, m_, v_, hidden_, dL_dhidden_, dL_dz_;
  std::int64_t steps_ = 0;
};

OnlineNet::OnlineNet(const OnlineNetOptions& options, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed)
    : options_(options), inputs_(inputs), outputs_(outputs), hidden_(options.layers == 2 ? options.hidden : 0) {
  RandomSequence random(seed, Stream::init, 0);
  const auto add_layer = [&](std::int64_t in, std::int64_t out) {
    const double std = 1 / std::sqrt(static_cast<double>(in));
    for (std::int64_t i = 0; i < in * out; ++i) {
      initial_.push_back(static_cast<float>(std * random.truncated_normal()));
    }
    initial_.insert(initial_.end(), static_cast<std::size_t>(out), 0.0f);
  };
  add_layer(inputs, hidden_ > 0 ? hidden_ : outputs);
  if (hidden_ > 0) add_layer(hidden_, outputs);
}

void OnlineNet::learn(std::span<const float> x, std::span<const std::int32_t> labels, std::span<float> logits) const {
  SRWM_CHECK(static_cast<std::int64_t>(x.size()) == static_cast<std::int64_t>(labels.size()) * inputs_ &&
                 static_cast<std::int64_t>(logits.size()) == static_cast<std::int64_t>(labels.size()) * outputs_,
             "{} inputs and {} logits for {} examples", x.size(), logits.size(), labels.size());
  Learner learner(*this);
  for (std::size_t t = 0; t < labels.size(); ++t) {
    const float* example = x.data() + static_cast<std::int64_t>(t) * inputs_;
    float* predicted = logits.data() + static_cast<std::int64_t>(t) * outputs_;
    learner.predict(example, predicted);
    learner.update(example, labels[t], predicted);
  }
}

}  // namespace srwm
