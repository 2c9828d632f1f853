#include "tasks/vsml/baseline_net.h"

#include "core/error.h"
#include "tasks/vsml/fw_memory_net.h"
#include "tasks/vsml/fwp_net.h"
#include "tasks/vsml/hebbian_net.h"
#include "tasks/vsml/meta_rnn_net.h"
#include "tasks/vsml/read_out.h"

namespace srwm {
namespace {

/// Declares parameters under Haiku's names and with its initial values.
class Declaration {
 public:
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    weights(name + ".w", {in, out}, in);
    constant(name + ".b", {out}, 0);
  }
  void convolutions(std::int64_t inputs, std::int64_t channels) {
    if (channels == 0) return;
    int number = 0;
    for (const auto& layer : ConvolutionsPart<float>::layers_for(inputs, channels)) {
      const std::string name = number == 0 ? "conv2_d" : fmt::format("conv2_d_{}", number);
      weights(name + ".w", {3, 3, layer.in, channels}, 9 * layer.in);
      constant(name + ".b", {channels}, 0);
      ++number;
    }
  }
  void weights(const std::string& name, Shape shape, std::int64_t inputs) {
    all.push_back({.name = name, .shape = shape, .deviation = 1 / std::sqrt(static_cast<double>(inputs))});
  }
  void constant(const std::string& name, Shape shape, double value) {
    all.push_back({.name = name, .shape = shape, .constant = value});
  }

  std::vector<BaselineParameter> all;
};

}  // namespace

std::vector<BaselineParameter> baseline_parameters(const BaselineOptions& options, const EpisodeShape& shape) {
  const std::int64_t features = features_of(options, shape), classes = shape.classes, units = options.lstm_units;
  const std::int64_t in = features + 2 * classes;
  Declaration declare;
  declare.convolutions(shape.inputs, channels_of(options));
  switch (options.kind) {
    case BaselineKind::meta_rnn:
      declare.linear("lstm.linear", in + units, 4 * units);
      declare.linear("linear", units, classes);
      break;
    case BaselineKind::hebbian:
      declare.weights("hebbian_linear.w", {in, classes}, in);
      declare.constant("hebbian_linear.coeff", {in, classes}, 0.01);
      declare.constant("hebbian_linear.fw_lr", {1}, -4.5);
      declare.constant("hebbian_linear.b", {classes}, 0);
      break;
    case BaselineKind::fw_memory:
      declare.linear("lstm.linear", in + units, 4 * units);
      declare.linear("linear", units, classes);
      declare.linear("linear_1", units, 3 * options.memory + 1);
      declare.linear("linear_2", units, 2 * options.memory);
      declare.linear("linear_3", options.memory, units);
      break;
    case BaselineKind::fwp:
      declare.linear("linear", shape.inputs + 3 * classes, 2 * options.fast_size + classes + 1);
      break;
  }
  return declare.all;
}

template <typename Real>
std::unique_ptr<BaselineNet<Real>> make_baseline_net(const BaselineOptions& options, const EpisodeShape& shape,
                                                     const BaselineTheta<Real>& theta,
                                                     std::span<const Real> fast_weights) {
  const ThetaReader<Real> reader(theta.values, theta.gradient);
  switch (options.kind) {
    case BaselineKind::meta_rnn:
      return std::make_unique<MetaRnnNet<Real>>(options, shape, reader);
    case BaselineKind::hebbian:
      return std::make_unique<HebbianNet<Real>>(options, shape, reader);
    case BaselineKind::fw_memory:
      return std::make_unique<FwMemoryNet<Real>>(options, shape, reader);
    case BaselineKind::fwp:
      return std::make_unique<FwpNet<Real>>(options, shape, reader, fast_weights);
  }
  throw InternalError("A baseline of unknown kind.");
}

template <typename Real>
void run_baseline(BaselineNet<Real>& net, double bound, std::span<const Real> x, std::span<const std::int32_t> labels,
                  std::span<Real> logits) {
  const std::size_t inputs = x.size() / labels.size(), classes = logits.size() / labels.size();
  Feedback<Real> feedback(static_cast<std::int64_t>(classes));
  for (std::size_t t = 0; t < labels.size(); ++t) {
    const std::span<Real> out = logits.subspan(t * classes, classes);
    net.predict(x.subspan(t * inputs, inputs), feedback, out);
    bound_logits(out, bound);
    std::ranges::copy(out, feedback.logits.begin());
    softmax_error<Real>(out, labels[t], feedback.error);
    std::ranges::fill(feedback.label, Real(0));
    feedback.label[static_cast<std::size_t>(labels[t])] = 1;
    net.learn(feedback);
  }
}

template <typename Real>
void baseline_backward(BaselineNet<Real>& net, double bound, std::span<const std::int32_t> labels,
                       std::span<const Real> logits, std::span<const double> weights) {
  const std::size_t classes = logits.size() / labels.size();
  Feedback<Real> dL_dnow(static_cast<std::int64_t>(classes)), dL_dbefore = dL_dnow;
  std::vector<Real> p(classes), dL_dlogits(classes);
  for (std::size_t t = labels.size(); t-- > 0;) {
    const std::span<const Real> of_example = logits.subspan(t * classes, classes);
    net.learn_backward(dL_dnow);
    // error = softmax(logits) - label
    std::ranges::copy(of_example, p.begin());
    softmax_all(std::span(p));
    dL_dlogits = dL_dnow.error;
    softmax_backward(std::span<const Real>(p), std::span(dL_dlogits));
    add_to(std::span(dL_dlogits), std::span<const Real>(dL_dnow.logits));
    for (std::size_t b = 0; b < classes; ++b) {
      const bool is_label = static_cast<std::size_t>(labels[t]) == b;
      dL_dlogits[b] += static_cast<Real>(weights[t]) * (p[b] - (is_label ? 1 : 0));
      // logits = bound tanh(out / bound)
      const Real y = bound > 0 ? of_example[b] / static_cast<Real>(bound) : 0;
      dL_dlogits[b] *= 1 - y * y;
    }
    net.predict_backward(dL_dlogits, dL_dbefore);
    std::swap(dL_dnow, dL_dbefore);
  }
}

#define SRWM_INSTANTIATE(Real)                                                                                      \
  template std::unique_ptr<BaselineNet<Real>> make_baseline_net(const BaselineOptions&, const EpisodeShape&,        \
                                                                const BaselineTheta<Real>&, std::span<const Real>); \
  template void run_baseline(BaselineNet<Real>&, double, std::span<const Real>, std::span<const std::int32_t>,      \
                             std::span<Real>);                                                                      \
  template void baseline_backward(BaselineNet<Real>&, double, std::span<const std::int32_t>, std::span<const Real>, \
                                  std::span<const double>);
SRWM_INSTANTIATE(float)
SRWM_INSTANTIATE(double)
#undef SRWM_INSTANTIATE

}  // namespace srwm
