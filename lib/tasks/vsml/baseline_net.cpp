#include "tasks/vsml/baseline_net.h"

#include "core/error.h"
#include "tasks/vsml/baseline_parts.h"
#include "tasks/vsml/read_out.h"

namespace srwm {
namespace {

/// As published.
constexpr std::int64_t meta_rnn_channels = 64, other_channels = 8;

std::int64_t channels_of(const BaselineOptions& options) {
  if (!options.convolutions) return 0;
  return options.kind == BaselineKind::meta_rnn ? meta_rnn_channels : other_channels;
}

std::int64_t features_of(const BaselineOptions& options, const EpisodeShape& shape) {
  return ConvolutionsPart<float>::features(shape.inputs, channels_of(options));
}

template <typename Real>
void append(std::vector<Real>& list, std::span<const Real> more) {
  list.insert(list.end(), more.begin(), more.end());
}

/// An LSTM that sees x, and the error and label of the example before.
template <typename Real>
class MetaRnn final : public BaselineNet<Real> {
 public:
  MetaRnn(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : ticks_(options.micro_ticks),
        convolutions_(theta, shape.inputs, channels_of(options)),
        lstm_(theta, features_of(options, shape) + 2 * shape.classes, options.lstm_units),
        output_(theta, options.lstm_units, shape.classes) {}

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    in_.clear();
    append(in_, convolutions_(x));
    append<Real>(in_, before.error);
    append<Real>(in_, before.label);
    std::ranges::copy(output_(lstm_(in_, ticks_)), out.begin());
  }

 private:
  std::int64_t ticks_;
  ConvolutionsPart<Real> convolutions_;
  LstmPart<Real> lstm_;
  LinearPart<Real> output_;
  std::vector<Real> in_;
};

/// out = in (w + coeff * F) + b for in = [x, 0, 0]. Then, with y = softmax of the out that in = [x, error, label] gives
/// and eta = sigmoid(fw_lr): F_ab += eta y_b (in_a - y_b F_ab) (Oja), or F_ab += eta (in_a y_b - F_ab) (Hebb).
template <typename Real>
class Hebbian final : public BaselineNet<Real> {
 public:
  Hebbian(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : oja_(options.oja),
        classes_(static_cast<std::size_t>(shape.classes)),
        convolutions_(theta, shape.inputs, channels_of(options)),
        in_(static_cast<std::size_t>(features_of(options, shape) + 2 * shape.classes)) {
    const auto weights = static_cast<std::int64_t>(in_.size() * classes_);
    w_ = theta.take(weights);
    coeff_ = theta.take(weights);
    eta_ = sigmoid_of(*theta.take(1));
    b_ = theta.take(shape.classes);
    fast_.resize(static_cast<std::size_t>(weights));
  }

  void predict(std::span<const Real> x, const Feedback<Real>&, std::span<Real> out) override {
    std::ranges::fill(in_, Real(0));
    std::ranges::copy(convolutions_(x), in_.begin());
    forward(out);
  }

  void learn(const Feedback<Real>& now) override {
    std::ranges::copy(now.error, in_.end() - static_cast<std::ptrdiff_t>(2 * classes_));
    std::ranges::copy(now.label, in_.end() - static_cast<std::ptrdiff_t>(classes_));
    std::vector<Real> y(classes_);
    forward(y);
    softmax_all(std::span(y));
    for (std::size_t a = 0; a < in_.size(); ++a) {
      Real* fast = fast_.data() + a * classes_;
      for (std::size_t b = 0; b < classes_; ++b) {
        fast[b] += oja_ ? eta_ * y[b] * (in_[a] - y[b] * fast[b]) : eta_ * (in_[a] * y[b] - fast[b]);
      }
    }
  }

 private:
  void forward(std::span<Real> out) const {
    std::copy_n(b_, classes_, out.begin());
    for (std::size_t a = 0, i = 0; a < in_.size(); ++a) {
      for (std::size_t b = 0; b < classes_; ++b, ++i) out[b] += in_[a] * (w_[i] + coeff_[i] * fast_[i]);
    }
  }

  bool oja_;
  std::size_t classes_;
  ConvolutionsPart<Real> convolutions_;
  std::vector<Real> in_, fast_;  ///< fast_: F [in, classes]
  const Real *w_, *coeff_, *b_;
  Real eta_;
};

/// An LSTM, [x, error, label of the example before] -> u, with a memory M [m, m^2]:
///     [k1, k2, v] = tanh(write_1 u), beta = sigmoid(write_2 u), k = vec(k1 k2^T)
///     M <- M + beta (v - M k) k^T,  M <- M / max(1, |M|)
///     [n, e] = tanh(read u),  out = output(u + projection(LayerNorm(M vec(n e^T))))
template <typename Real>
class FastWeightMemory final : public BaselineNet<Real> {
 public:
  FastWeightMemory(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta)
      : m_(static_cast<std::size_t>(options.memory)),
        convolutions_(theta, shape.inputs, channels_of(options)),
        lstm_(theta, features_of(options, shape) + 2 * shape.classes, options.lstm_units),
        output_(theta, options.lstm_units, shape.classes),
        write_(theta, options.lstm_units, 3 * options.memory + 1),
        read_(theta, options.lstm_units, 2 * options.memory),
        projection_(theta, options.memory, options.lstm_units),
        memory_(m_ * m_ * m_) {}

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    in_.clear();
    append(in_, convolutions_(x));
    append<Real>(in_, before.error);
    append<Real>(in_, before.label);
    const std::span<const Real> u = lstm_(in_, 1);
    write(write_(u));
    const std::span<Real> keys = read_(u);
    tanh_all(keys);
    std::vector<Real> sum = look_up(key_of(keys.first(m_), keys.last(m_)));
    layer_norm(sum);
    const std::span<const Real> read = projection_(sum);
    sum.assign(u.begin(), u.end());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += read[i];
    std::ranges::copy(output_(sum), out.begin());
  }

 private:
  void write(std::span<Real> head) {
    const Real beta = sigmoid_of(head.back());
    const std::span<Real> keys = head.first(3 * m_);
    tanh_all(keys);
    const std::vector<Real> key = key_of(keys.first(m_), keys.subspan(m_, m_)), old = look_up(key);
    Real squares = 0;
    for (std::size_t i = 0; i < m_; ++i) {
      const Real change = beta * (keys[2 * m_ + i] - old[i]);
      for (std::size_t j = 0; j < key.size(); ++j) {
        Real& element = memory_[i * key.size() + j];
        element += change * key[j];
        squares += element * element;
      }
    }
    const Real norm = std::sqrt(squares);
    if (norm <= 1) return;
    for (Real& element : memory_) element /= norm;
  }

  static std::vector<Real> key_of(std::span<const Real> first, std::span<const Real> second) {
    std::vector<Real> key;
    for (const Real x : first) {
      for (const Real y : second) key.push_back(x * y);
    }
    return key;
  }

  std::vector<Real> look_up(const std::vector<Real>& key) const {
    std::vector<Real> values(m_);
    for (std::size_t i = 0; i < m_; ++i) {
      const auto row = memory_.begin() + static_cast<std::ptrdiff_t>(i * key.size());
      values[i] = std::inner_product(key.begin(), key.end(), row, Real(0));
    }
    return values;
  }

  /// Without scale and offset.
  static void layer_norm(std::vector<Real>& values) {
    const auto n = static_cast<Real>(values.size());
    const Real mean = std::accumulate(values.begin(), values.end(), Real(0)) / n;
    Real variance = 0;
    for (const Real value : values) variance += (value - mean) * (value - mean) / n;
    for (Real& value : values) value = (value - mean) / std::sqrt(variance + Real(1e-5));
  }

  std::size_t m_;
  ConvolutionsPart<Real> convolutions_;
  LstmPart<Real> lstm_;
  LinearPart<Real> output_, write_, read_, projection_;
  std::vector<Real> memory_, in_;
};

/// [k, v, q, beta] = linear [x, logits, error, label of the example before];
///     F <- F + sigmoid(beta) k^T (v - k F),  out = q F
template <typename Real>
class FastWeightProgrammer final : public BaselineNet<Real> {
 public:
  FastWeightProgrammer(const BaselineOptions& options, const EpisodeShape& shape, ThetaReader<Real> theta,
                       std::span<const Real> fast_weights)
      : size_(static_cast<std::size_t>(options.fast_size)),
        classes_(static_cast<std::size_t>(shape.classes)),
        slow_(theta, shape.inputs + 3 * shape.classes, 2 * options.fast_size + shape.classes + 1),
        fast_(fast_weights.begin(), fast_weights.end()) {
    SRWM_CHECK(fast_.size() == size_ * classes_, "{} fast weights", fast_.size());
  }

  void predict(std::span<const Real> x, const Feedback<Real>& before, std::span<Real> out) override {
    in_.assign(x.begin(), x.end());
    append<Real>(in_, before.logits);
    append<Real>(in_, before.error);
    append<Real>(in_, before.label);
    const std::span<const Real> slow = slow_(in_);
    const auto key = slow.first(size_), value = slow.subspan(size_, classes_),
               query = slow.subspan(size_ + classes_, size_);
    const Real beta = sigmoid_of(slow.back());
    std::vector<Real> change(classes_);
    add_product(key, fast_.data(), std::span(change));
    for (std::size_t b = 0; b < classes_; ++b) change[b] = beta * (value[b] - change[b]);
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t b = 0; b < classes_; ++b) fast_[i * classes_ + b] += key[i] * change[b];
    }
    std::ranges::fill(out, Real(0));
    add_product(query, fast_.data(), out);
  }

 private:
  std::size_t size_, classes_;
  LinearPart<Real> slow_;
  std::vector<Real> fast_, in_;  ///< fast_: F [size, classes]
};

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
                                                     const Real* theta, std::span<const Real> fast_weights) {
  const ThetaReader<Real> reader(theta);
  switch (options.kind) {
    case BaselineKind::meta_rnn:
      return std::make_unique<MetaRnn<Real>>(options, shape, reader);
    case BaselineKind::hebbian:
      return std::make_unique<Hebbian<Real>>(options, shape, reader);
    case BaselineKind::fw_memory:
      return std::make_unique<FastWeightMemory<Real>>(options, shape, reader);
    case BaselineKind::fwp:
      return std::make_unique<FastWeightProgrammer<Real>>(options, shape, reader, fast_weights);
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

#define SRWM_INSTANTIATE(Real)                                                                                 \
  template std::unique_ptr<BaselineNet<Real>> make_baseline_net(const BaselineOptions&, const EpisodeShape&,   \
                                                                const Real*, std::span<const Real>);           \
  template void run_baseline(BaselineNet<Real>&, double, std::span<const Real>, std::span<const std::int32_t>, \
                             std::span<Real>);
SRWM_INSTANTIATE(float)
SRWM_INSTANTIATE(double)
#undef SRWM_INSTANTIATE

}  // namespace srwm
