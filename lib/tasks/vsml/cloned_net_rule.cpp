#include "tasks/vsml/cloned_net_rule.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "tasks/vsml/read_out.h"

namespace srwm {

/// The network of one episode.
class ClonedNetRule::Net {
 public:
  Net(const ClonedNetRule& rule, const EpisodeShape& shape, std::int64_t number) : rule_(rule) {
    RandomSequence random(rule.seed_, Stream::vsml_state, static_cast<std::uint32_t>(number));
    std::int64_t in = shape.inputs;
    const auto add = [&](std::int64_t out) {
      Layer& layer = layers_.emplace_back();
      layer.weights.resize(static_cast<std::size_t>(in * out));
      layer.biases.resize(layer.weights.size());
      for (double& w : layer.weights) w = random.truncated_normal() / std::sqrt(static_cast<double>(in));
      layer.y.resize(static_cast<std::size_t>(in));
      layer.error.resize(static_cast<std::size_t>(out));
      in = out;
    };
    for (const std::int64_t units : rule.hidden_) add(units);
    add(shape.classes);
  }

  void predict(std::span<const float> x, std::span<float> logits) {
    std::vector<double> in(x.begin(), x.end());
    for (Layer& layer : layers_) in = forward(layer, in);
    std::ranges::transform(in, logits.begin(), [](double z) { return static_cast<float>(z); });
    bound_logits(logits, rule_.bound_);
  }

  void learn(std::span<const float> logits, std::int32_t label) {
    std::vector<float> error(logits.size());
    softmax_error<float>(logits, label, error);
    layers_.back().error.assign(error.begin(), error.end());
    for (std::size_t k = layers_.size(); k-- > 0;) {
      backward(layers_[k], k > 0 ? &layers_[k - 1].error : nullptr);
    }
  }

 private:
  struct Layer {
    std::vector<double> weights, biases;  ///< [in, out]
    std::vector<double> y;                ///< tanh of the inputs
    std::vector<double> error;            ///< of the outputs
  };

  static std::vector<double> forward(Layer& layer, const std::vector<double>& in) {
    const std::size_t outputs = layer.error.size();
    std::vector<double> out(outputs);
    for (std::size_t a = 0; a < in.size(); ++a) {
      layer.y[a] = std::tanh(in[a]);
      for (std::size_t b = 0; b < outputs; ++b) {
        out[b] += layer.y[a] * layer.weights[a * outputs + b] + layer.biases[a * outputs + b];
      }
    }
    return out;
  }

  /// Hands the error down, then takes the step.
  void backward(Layer& layer, std::vector<double>* below) const {
    const std::size_t outputs = layer.error.size();
    for (std::size_t a = 0; a < layer.y.size(); ++a) {
      double sum = 0;
      for (std::size_t b = 0; b < outputs; ++b) {
        double& weight = layer.weights[a * outputs + b];
        sum += weight * layer.error[b];
        weight -= rule_.options_.rate * layer.error[b] * layer.y[a];
        layer.biases[a * outputs + b] -= rule_.options_.bias_rate * layer.error[b];
      }
      if (below != nullptr) (*below)[a] = (1 - layer.y[a] * layer.y[a]) * sum;
    }
  }

  const ClonedNetRule& rule_;
  std::vector<Layer> layers_;
};

ClonedNetRule::ClonedNetRule(const VsmlSpec& spec)
    : options_(spec.clone_options), bound_(spec.model.bound), seed_(spec.seed) {
  for (const std::string& text : spec.model.hidden) hidden_.push_back(parse_hidden_layer(text).value().out);
}

RuleOutput ClonedNetRule::run(Context& context, const OnlineBatch& batch, const Tensor& theta) {
  SRWM_CHECK(theta.absent(), "parameters {} for a rule that has none", theta.shape().to_string());
  const auto learn = [&](std::int64_t, std::int64_t e, std::span<float> logits) {
    Net net(*this, batch.shape, batch.ids[static_cast<std::size_t>(e)].number);
    const auto inputs = static_cast<std::size_t>(batch.shape.inputs);
    const auto classes = static_cast<std::size_t>(batch.shape.classes);
    for (std::size_t t = 0; t < static_cast<std::size_t>(batch.length()); ++t) {
      const std::span<float> of_image = logits.subspan(t * classes, classes);
      net.predict(batch.inputs_of(e).subspan(t * inputs, inputs), of_image);
      net.learn(of_image, batch.labels_of(e)[t]);
    }
  };
  return run_each(context, batch, batch.episodes(), LossKind::mean, learn);
}

}  // namespace srwm
