// The ticks of a Vsml layer, sub-RNN by sub-RNN.
#include "ops/vsml.h"

#include <cmath>

#include "ops/sequence.h"
#include "ops/vsml_geometry.h"
#include "ops/vsml_steps.h"

namespace srwm {
namespace {

/// ShapeError unless the layers are a network.
void check_layers(const Vsml& op) {
  if (op.depth() == 0) shape_error(Vsml::name, "layers", "at least one layer", "an empty list");
  for (int i = 0; i < op.depth(); ++i) {
    const VsmlLayer& layer = op.layers[static_cast<std::size_t>(i)];
    const std::string what = fmt::format("layer {}", i + 1);
    if (layer.in < 1 || layer.height < 0 || layer.width < 0 || (layer.height == 0) != (layer.width == 0) ||
        layer.stride < 1 || (!layer.convolution() && layer.stride != 1)) {
      shape_error(
          Vsml::name, what.c_str(), "positive sizes, height and width for a convolution only",
          fmt::format("{} -> {}, {} x {}, stride {}", layer.in, layer.out, layer.height, layer.width, layer.stride));
    }
    if (i == 0) continue;
    const VsmlLayer& below = op.layers[static_cast<std::size_t>(i - 1)];
    const bool fits = layer.convolution() ? below.out_height() == layer.height && below.out_width() == layer.width &&
                                                below.out == layer.in
                                          : below.outputs() == layer.in;
    if (!fits) {
      shape_error(
          Vsml::name, what.c_str(),
          fmt::format("the {} x {} x {} outputs of the layer below", below.out_height(), below.out_width(), below.out),
          fmt::format("one of {} inputs", layer.inputs()));
    }
  }
  if (op.top().convolution()) shape_error(Vsml::name, "the last layer", "a dense one", "a convolution");
}

void check_options(const Vsml& op) {
  const auto require = [](bool fits, const char* what, const char* expected, auto found) {
    if (!fits) shape_error(Vsml::name, what, expected, fmt::format("{}", found));
  };
  require(op.message_size >= 2, "message_size", "at least 2: a record has two components", op.message_size);
  require(op.cell_size >= 1, "cell_size", "at least 1", op.cell_size);
  require(op.micro_ticks >= 1, "micro_ticks", "at least 1", op.micro_ticks);
  require(op.output_index >= 0 && op.output_index < op.message_size, "output_index",
          "the number of a component of a message", op.output_index);
  require(op.bound >= 0, "bound", "0 (none) or more", op.bound);
  require(op.streams >= 1, "streams", "at least 1", op.streams);
}

void expect_divides(const char* what, std::int64_t count, std::int64_t runs) {
  if (count >= 1 && runs % count == 0) return;
  shape_error(Vsml::name, what, fmt::format("a number of rows that divides the {} runs", runs),
              fmt::format("{} rows", count));
}

}  // namespace

int Vsml::depth() const {
  int count = 0;
  while (count < static_cast<int>(max_layers) && layers[static_cast<std::size_t>(count)].out > 0) ++count;
  return count;
}

VsmlOffsets::VsmlOffsets(const Vsml& op) {
  const std::int64_t m = op.message_size, s = op.cell_size;
  beta = (2 * m + s) * 4 * s;
  w_f = beta + 4 * s;
  beta_f = w_f + s * m;
  w_b = beta_f + m;
  beta_b = w_b + s * m;
  gamma_f = beta_b + m;
  delta_f = gamma_f + m;
  gamma_b = delta_f + m;
  delta_b = gamma_b + m;
  end = op.layer_norm ? delta_b + m : gamma_f;
}

std::int64_t Vsml::set_size() const {
  return VsmlOffsets(*this).end;
}

std::int64_t Vsml::sets() const {
  return (layerwise ? depth() : 1) * (reverse_tick && separate_reverse ? 2 : 1);
}

std::int64_t Vsml::cells() const {
  std::int64_t count = 0;
  for (const VsmlLayer& layer : layers) count += layer.out > 0 ? layer.sub_rnns() * cell_size : 0;
  return count;
}

std::int64_t Vsml::state_size() const {
  return VsmlStateLayout(*this).record + 2 * top().outputs();
}

VsmlSizes::VsmlSizes(const Vsml& op, const Tensors<Vsml::inputs>& in)
    : groups(in[Vsml::theta].dim(0)),
      episodes(in[Vsml::x].dim(0) / op.streams),
      cell_groups(in[Vsml::c_first] ? in[Vsml::c_first].dim(0) : 1),
      runs(std::max(groups, episodes)),
      streams(op.streams),
      steps(in[Vsml::x].dim(1)),
      inputs(in[Vsml::x].dim(2)),
      outputs(op.top().outputs()),
      parameters(op.parameters()),
      cells(op.cells()),
      state(op.state_size()),
      segment_steps(static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(steps))))),
      segments((steps + segment_steps - 1) / segment_steps) {}

OutputSpecs<Vsml::outputs> Vsml::plan(const Tensors<inputs>& in) const {
  check_options(*this);
  check_layers(*this);
  expect_real(name, "theta", in[theta], 2);
  expect_real(name, "x", in[x], 3);
  const DType real = in[x].dtype();
  expect_steps(name, "x", in[x].dim(0), in[x].dim(1));
  if (in[x].dim(0) % streams != 0) {
    shape_error(name, "x", fmt::format("a multiple of {} sequences, one per stream", streams),
                fmt::format("{} sequences", in[x].dim(0)));
  }
  const VsmlSizes n(*this, in);
  expect_tensor(name, "theta", in[theta], {n.groups, n.parameters}, real);
  expect_tensor(name, "x", in[x], {n.episodes * streams, n.steps, layers[0].inputs()}, real);
  expect_tensor(name, "targets", targets, {n.episodes * streams, n.steps}, DType::i32);
  expect_divides("theta", n.groups, n.runs);
  expect_divides("x", n.episodes, n.runs);
  if (in[c_first]) {
    expect_real(name, "c_first", in[c_first], 2);
    expect_tensor(name, "c_first", in[c_first], {in[c_first].dim(0), n.cells}, real);
    expect_divides("c_first", n.cell_groups, n.runs);
  }
  const Shape states{n.runs * streams, n.state};
  if (state_first) expect_tensor(name, "state_first", state_first, states, real);
  return {{{Shape{n.runs * streams, n.steps, n.outputs}, real}, {Shape{n.runs}, real}, {states, real}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// The sub-RNN that all pairs share: one set of parameters and, in backward, their gradients.
template <typename Real>
class SubRnn {
 public:
  using Messages = VsmlMessages<const Real>;

  SubRnn(const Vsml& op, const Real* theta, Real* dL_dtheta)
      : op_(op), at_(op), s_(op.cell_size), m_(op.message_size), theta_(theta), dL_dtheta_(dL_dtheta) {}

  /// [i, g, f, o] = [m_fwd, m_bwd, h] W + beta, activated; then c', h'. A message is nullptr outside of the input.
  void cell(const Real* m_fwd, std::int64_t live_fwd, const Real* m_bwd, std::int64_t live_bwd, const Real* h,
            const Real* c, Real* gates, Real* h_new, Real* c_new) const {
    std::copy_n(theta_ + at_.beta, 4 * s_, gates);
    const auto add = [&](const Real* values, std::int64_t count, std::int64_t first_row) {
      for (std::int64_t j = 0; values != nullptr && j < count; ++j) {
        const Real* row = theta_ + at_.w + (first_row + j) * 4 * s_;
        for (std::int64_t r = 0; r < 4 * s_; ++r) gates[r] += values[j] * row[r];
      }
    };
    add(m_fwd, live_fwd, 0);
    add(m_bwd, live_bwd, m_);
    add(h, s_, 2 * m_);
    Real *i = gates, *g = gates + s_, *f = gates + 2 * s_, *o = gates + 3 * s_;
    for (std::int64_t r = 0; r < s_; ++r) {
      i[r] = sigmoid(i[r] - 5);
      g[r] = std::tanh(g[r]);
      f[r] = sigmoid(f[r] + 5);
      o[r] = sigmoid(o[r]);
      c_new[r] = f[r] * c[r] + i[r] * g[r];
      h_new[r] = o[r] * std::tanh(c_new[r]);
    }
  }

  /// What a cell was given.
  struct CellInputs {
    const Real* m_fwd;
    std::int64_t live_fwd;
    const Real* m_bwd;
    std::int64_t live_bwd;
    const Real *h, *c;
  };
  /// Gradients of its inputs, which are added to; those of the messages may be nullptr.
  struct CellGradients {
    Real *m_fwd, *m_bwd, *h, *c;
  };

  /// From dL/dh' and dL/dc': adds to the gradients of the inputs and of the parameters. `gates` are the activated ones;
  /// they become dL/dz.
  void cell_backward(const CellInputs& in, const Real* c_new, const Real* dL_dh_new, const Real* dL_dc_new, Real* gates,
                     const CellGradients& grad) const {
    Real *i = gates, *g = gates + s_, *f = gates + 2 * s_, *o = gates + 3 * s_;
    for (std::int64_t r = 0; r < s_; ++r) {
      const Real tanh_c = std::tanh(c_new[r]);
      const Real dL_do = dL_dh_new[r] * tanh_c;
      const Real of_c = dL_dc_new[r] + dL_dh_new[r] * o[r] * (1 - tanh_c * tanh_c);
      const Real dL_di = of_c * g[r], dL_dg = of_c * i[r], dL_df = of_c * in.c[r];
      grad.c[r] += of_c * f[r];
      i[r] = dL_di * i[r] * (1 - i[r]);
      g[r] = dL_dg * (1 - g[r] * g[r]);
      f[r] = dL_df * f[r] * (1 - f[r]);
      o[r] = dL_do * o[r] * (1 - o[r]);
    }
    const Real* dL_dz = gates;
    for (std::int64_t r = 0; r < 4 * s_; ++r) dL_dtheta_[at_.beta + r] += dL_dz[r];
    const auto back = [&](const Real* values, std::int64_t count, std::int64_t first_row, Real* dL_dvalues) {
      for (std::int64_t j = 0; values != nullptr && j < count; ++j) {
        const std::int64_t row = at_.w + (first_row + j) * 4 * s_;
        Real sum = 0;
        for (std::int64_t r = 0; r < 4 * s_; ++r) {
          sum += theta_[row + r] * dL_dz[r];
          dL_dtheta_[row + r] += values[j] * dL_dz[r];
        }
        if (dL_dvalues != nullptr) dL_dvalues[j] += sum;
      }
    };
    back(in.m_fwd, in.live_fwd, 0, grad.m_fwd);
    back(in.m_bwd, in.live_bwd, m_, grad.m_bwd);
    back(in.h, s_, 2 * m_, grad.h);
  }

  /// Offsets of one of the two messengers.
  struct Messenger {
    std::int64_t w, beta, gamma, delta;
  };
  Messenger forward_messenger() const { return {at_.w_f, at_.beta_f, at_.gamma_f, at_.delta_f}; }
  Messenger backward_messenger() const { return {at_.w_b, at_.beta_b, at_.gamma_b, at_.delta_b}; }

  /// u += weight * message of h'.
  void message(const Messenger& p, const Real* h, Real weight, Real* raw, Real* u) const {
    const Norm norm = linear(p, h, raw);
    for (std::int64_t j = 0; j < m_; ++j) {
      const Real value =
          op_.layer_norm ? theta_[p.gamma + j] * (raw[j] - norm.mean) * norm.scale + theta_[p.delta + j] : raw[j];
      u[j] += weight * value;
    }
  }

  /// Adds to dL/dh' and the parameters' gradients, given dL/du and its weight. `raw` is working memory.
  void message_backward(const Messenger& p, const Real* h, Real weight, const Real* dL_du, Real* raw,
                        Real* dL_dh) const {
    const Norm norm = linear(p, h, raw);
    if (op_.layer_norm) {
      Real sum = 0, dot = 0;  // of dL/d normalized, and of it and the normalized
      for (std::int64_t j = 0; j < m_; ++j) {
        const Real normalized = (raw[j] - norm.mean) * norm.scale, dL_dvalue = weight * dL_du[j];
        dL_dtheta_[p.gamma + j] += dL_dvalue * normalized;
        dL_dtheta_[p.delta + j] += dL_dvalue;
        sum += dL_dvalue * theta_[p.gamma + j];
        dot += dL_dvalue * theta_[p.gamma + j] * normalized;
      }
      for (std::int64_t j = 0; j < m_; ++j) {
        const Real normalized = (raw[j] - norm.mean) * norm.scale;
        const Real dL_dnormalized = weight * dL_du[j] * theta_[p.gamma + j];
        raw[j] = norm.scale * (dL_dnormalized - (sum + normalized * dot) / static_cast<Real>(m_));
      }
    } else {
      for (std::int64_t j = 0; j < m_; ++j) raw[j] = weight * dL_du[j];
    }
    for (std::int64_t j = 0; j < m_; ++j) {
      dL_dtheta_[p.beta + j] += raw[j];
      for (std::int64_t r = 0; r < s_; ++r) {
        dL_dtheta_[p.w + r * m_ + j] += h[r] * raw[j];
        dL_dh[r] += theta_[p.w + r * m_ + j] * raw[j];
      }
    }
  }

 private:
  struct Norm {
    Real mean, scale;
  };

  static Real sigmoid(Real z) { return 1 / (1 + std::exp(-z)); }

  /// raw = h W + beta; mean and 1 / standard deviation of it.
  Norm linear(const Messenger& p, const Real* h, Real* raw) const {
    Real mean = 0, variance = 0;
    for (std::int64_t j = 0; j < m_; ++j) {
      raw[j] = theta_[p.beta + j];
      for (std::int64_t r = 0; r < s_; ++r) raw[j] += h[r] * theta_[p.w + r * m_ + j];
      mean += raw[j] / static_cast<Real>(m_);
    }
    for (std::int64_t j = 0; j < m_; ++j) variance += (raw[j] - mean) * (raw[j] - mean) / static_cast<Real>(m_);
    return {mean, 1 / std::sqrt(variance + static_cast<Real>(1e-5))};
  }

  const Vsml& op_;
  VsmlOffsets at_;
  std::int64_t s_, m_;
  const Real* theta_;
  Real* dL_dtheta_;
};

template <typename RealType>
class VsmlTicks {
 public:
  using Real = RealType;

  VsmlTicks(const Vsml& op, int, Real* memory)
      : op_(op),
        states_(memory),
        gates_(memory + (op.micro_ticks + 1) * 2 * op.cells()),
        h_(gates_ + 4 * op.cell_size),
        c_(h_ + op.cell_size),
        dL_dh_(c_ + op.cell_size),
        dL_dc_(dL_dh_ + op.cell_size),
        raw_(dL_dc_ + op.cell_size) {}

  static std::int64_t scratch_size(const Vsml& op) {
    return (op.micro_ticks + 1) * 2 * op.cells() + 8 * op.cell_size + op.message_size;
  }
  void set_theta(const Real* theta, Real* dL_dtheta) {
    theta_ = theta;
    dL_dtheta_ = dL_dtheta;
  }

  void forward(const VsmlTick<Real>& tick) {
    const std::int64_t size = 2 * cells(tick);
    Real *before = states_, *after = states_ + size;
    std::copy_n(tick.before, size, before);
    clear_messages(tick);
    for (std::int64_t micro = 0; micro < op_.micro_ticks; ++micro) {
      micro_tick(tick, before, after, micro + 1 == op_.micro_ticks);
      std::copy_n(after, size, before);
    }
    std::copy_n(after, size, tick.after);
  }

  void backward(const VsmlTickGradients<Real>& g) {
    const std::int64_t size = 2 * cells(g.tick);
    // the states before each micro tick
    std::copy_n(g.tick.before, size, states_);
    for (std::int64_t micro = 0; micro + 1 < op_.micro_ticks; ++micro) {
      micro_tick(g.tick, states_ + micro * size, states_ + (micro + 1) * size, false);
    }
    Real* dL_dbefore = states_ + op_.micro_ticks * size;
    for (std::int64_t micro = op_.micro_ticks; micro-- > 0;) {
      micro_tick_backward(g, states_ + micro * size, dL_dbefore, micro + 1 == op_.micro_ticks);
      std::copy_n(dL_dbefore, size, g.state);
    }
  }

 private:
  std::int64_t cells(const VsmlTick<Real>& tick) const { return op_.layers[tick.layer].sub_rnns() * op_.cell_size; }
  SubRnn<Real> sub_rnn(const VsmlTick<Real>& tick) const {
    const std::int64_t at = tick.set * op_.set_size();
    return {op_, theta_ + at, dL_dtheta_ != nullptr ? dL_dtheta_ + at : nullptr};
  }
  void clear_messages(const VsmlTick<Real>& tick) const {
    const VsmlLayer& layer = op_.layers[tick.layer];
    if (tick.out_fwd != nullptr) std::fill_n(tick.out_fwd, layer.outputs() * op_.message_size, Real(0));
    if (tick.out_bwd != nullptr) std::fill_n(tick.out_bwd, layer.inputs() * op_.message_size, Real(0));
  }

  /// Weight of a message in the mean (or sum) that it goes into.
  Real weight(std::int64_t count) const { return op_.sum_messages ? Real(1) : 1 / static_cast<Real>(count); }

  /// Calls body(p, tap, a, b, s) for every place where a sub-RNN runs: output position, tap, channels in and out, and
  /// offset of its state.
  template <typename Body>
  void for_each_place(const VsmlLayer& layer, const Body& body) const {
    for (std::int64_t p = 0; p < layer.positions_out(); ++p) {
      std::int64_t state = 0;
      for (std::int64_t tap = 0; tap < layer.taps(); ++tap) {
        for (std::int64_t a = 0; a < layer.in; ++a) {
          for (std::int64_t b = 0; b < layer.out; ++b, state += op_.cell_size) body(p, tap, a, b, state);
        }
      }
    }
  }

  template <typename Messages>
  static auto at(const Messages& messages, std::int64_t i) {
    return messages.data != nullptr ? messages.data + i * messages.stride : nullptr;
  }

  /// One micro tick; in the last one messages leave.
  void micro_tick(const VsmlTick<Real>& tick, const Real* before, Real* after, bool last) const {
    const VsmlLayer& layer = op_.layers[tick.layer];
    const VsmlGeometry geometry(layer, op_.published_conv_mask);
    const SubRnn<Real> net = sub_rnn(tick);
    const std::int64_t size = cells(tick);
    const Real share = 1 / static_cast<Real>(layer.positions_out());
    std::fill_n(after, 2 * size, Real(0));
    for_each_place(layer, [&](auto p, auto tap, auto a, auto b, auto state) {
      const std::int64_t below = geometry.below(p, tap), back_to = geometry.hands_back_to(p, tap);
      net.cell(below < 0 ? nullptr : at(tick.fwd, below * layer.in + a), tick.fwd.live, at(tick.bwd, p * layer.out + b),
               tick.bwd.live, before + state, before + size + state, gates_, h_, c_);
      for (std::int64_t r = 0; r < op_.cell_size; ++r) {
        after[state + r] += share * h_[r];
        after[size + state + r] += share * c_[r];
      }
      if (!last) return;
      if (tick.out_fwd != nullptr) {
        net.message(net.forward_messenger(), h_, weight(layer.taps() * layer.in), raw_,
                    tick.out_fwd + (p * layer.out + b) * op_.message_size);
      }
      if (tick.out_bwd != nullptr && back_to >= 0) {
        net.message(net.backward_messenger(), h_, weight(layer.taps() * layer.out), raw_,
                    tick.out_bwd + (back_to * layer.in + a) * op_.message_size);
      }
    });
  }

  /// Through one micro tick, from g.state to dL_dbefore.
  void micro_tick_backward(const VsmlTickGradients<Real>& g, const Real* before, Real* dL_dbefore, bool last) const {
    const VsmlTick<Real>& tick = g.tick;
    const VsmlLayer& layer = op_.layers[tick.layer];
    const VsmlGeometry geometry(layer, op_.published_conv_mask);
    const SubRnn<Real> net = sub_rnn(tick);
    const std::int64_t size = cells(tick), m = op_.message_size;
    const Real share = 1 / static_cast<Real>(layer.positions_out());
    std::fill_n(dL_dbefore, 2 * size, Real(0));
    for_each_place(layer, [&](auto p, auto tap, auto a, auto b, auto state) {
      const std::int64_t below = geometry.below(p, tap), back_to = geometry.hands_back_to(p, tap);
      const std::int64_t fwd = below * layer.in + a, bwd = p * layer.out + b;
      const Real *m_fwd = below < 0 ? nullptr : at(tick.fwd, fwd), *m_bwd = at(tick.bwd, bwd);
      net.cell(m_fwd, tick.fwd.live, m_bwd, tick.bwd.live, before + state, before + size + state, gates_, h_, c_);
      for (std::int64_t r = 0; r < op_.cell_size; ++r) {
        dL_dh_[r] = share * g.state[state + r];
        dL_dc_[r] = share * g.state[size + state + r];
      }
      if (last && g.out_fwd != nullptr) {
        net.message_backward(net.forward_messenger(), h_, weight(layer.taps() * layer.in), g.out_fwd + bwd * m, raw_,
                             dL_dh_);
      }
      if (last && g.out_bwd != nullptr && back_to >= 0) {
        net.message_backward(net.backward_messenger(), h_, weight(layer.taps() * layer.out),
                             g.out_bwd + (back_to * layer.in + a) * m, raw_, dL_dh_);
      }
      net.cell_backward(
          {m_fwd, tick.fwd.live, m_bwd, tick.bwd.live, before + state, before + size + state}, c_, dL_dh_, dL_dc_,
          gates_,
          {below < 0 ? nullptr : at(g.fwd, fwd), at(g.bwd, bwd), dL_dbefore + state, dL_dbefore + size + state});
    });
  }

  const Vsml& op_;
  Real* states_;           ///< before each micro tick, and gradients of one
  Real *gates_, *h_, *c_;  ///< of one sub-RNN
  Real *dL_dh_, *dL_dc_, *raw_;
  const Real* theta_ = nullptr;
  Real* dL_dtheta_ = nullptr;
};

}  // namespace

Body<Vsml> body_of(Tag<Vsml>, DType real) {
  if (real == DType::f64) return {vsml_forward<VsmlTicks<double>>, vsml_backward<VsmlTicks<double>>};
  return {vsml_forward<VsmlTicks<float>>, vsml_backward<VsmlTicks<float>>};
}

}  // namespace srwm::reference
