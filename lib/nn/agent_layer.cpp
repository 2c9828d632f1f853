#include "nn/agent_layer.h"

#include <cmath>
#include <optional>

#include "nn/fast_weight_layer.h"
#include "nn/layers.h"
#include "nn/srwm_matrix.h"

namespace srwm {
namespace {

Shape rows_of(const Variable& x) {
  return {x.shape()[0] * x.shape()[1], x.shape()[2]};
}

/// The fast weights that lie a shift away from those that sequences begin with; absent without a shift.
Variable from_shift(Tape& tape, const Variable& shift, const Variable& initial) {
  return shift.absent() || initial.absent() ? shift : tape.apply(AddShared{}, {shift, initial})[0];
}

/// The way back, without a gradient.
Variable to_shift(Tape& tape, const Variable& weights, const Variable& initial) {
  if (initial.absent()) return weights.value();
  return tape.apply(AddShared{.scale = -1}, {weights.value(), initial.value()})[0];
}

/// LayerNorm on what a layer of the SRWM family sees, if the options say so. Those of the published code hold one that
/// is never applied; without it a softmax of the small features that training begins with is nearly constant.
class InputNorm {
 public:
  InputNorm() = default;
  InputNorm(ParameterSet& set, const AgentOptions& options, const std::string& prefix) {
    if (options.layer_norm) norm_.emplace(set, prefix + ".layer_norm", options.hidden);
  }
  Variable operator()(Tape& tape, const Variable& x) const { return norm_ ? (*norm_)(tape, x) : x; }

 private:
  std::optional<LayerNormLayer> norm_;
};

/// A layer of the few-shot models.
class SharedLayer final : public AgentLayer {
 public:
  SharedLayer(ParameterSet& set, const CoreOptions& options, const InputNorm& norm, const std::string& prefix,
              DropoutSites& sites)
      : heads_(options.heads),
        d_(options.hidden / options.heads),
        rows_(options.kind == CoreKind::srwm ? 3 * d_ + 4 : d_),
        norm_(norm),
        layer_(make_fast_weight_layer(set, prefix, options, sites)) {}

  std::vector<Shape> state_shapes(std::int64_t batch) const override { return {{batch, heads_, d_, rows_}}; }

  Variable forward(Tape& tape, const Variable& x, const CoreState& before, const Tensor& first, CoreState& after,
                   ForwardMode mode) const override {
    const Variable weights = from_shift(tape, before.at(after.size()), layer_->initial(tape));
    const auto [y, last] = layer_->remember(tape, norm_(tape, x), weights, first);
    after.push_back(to_shift(tape, last, layer_->initial(tape)));
    return layer_->combine(tape, x.reshaped(rows_of(x)), y.reshaped(rows_of(y)), mode);
  }

 private:
  std::int64_t heads_, d_, rows_;
  InputNorm norm_;
  std::unique_ptr<FastWeightLayer> layer_;
};

class FakeSrLayer final : public AgentLayer {
 public:
  FakeSrLayer(ParameterSet& set, const AgentOptions& options, const std::string& prefix)
      : norm_(set, options, prefix), out_linear_(set, prefix + ".out_linear", options.hidden, options.hidden, false) {
    const std::int64_t d = options.hidden / options.heads;
    w_y_ = &set.normal(prefix + ".W_y", {options.heads, d, d}, 0, 1 / std::sqrt(static_cast<double>(d)));
  }

  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }

  Variable forward(Tape& tape, const Variable& x, const CoreState&, const Tensor&, CoreState&,
                   ForwardMode) const override {
    const Variable rows = x.reshaped(rows_of(x));
    return add(tape, rows, out_linear_(tape, tape.apply(HeadLinear{}, {norm_(tape, rows), w_y_->on(tape)})[0]));
  }

 private:
  InputNorm norm_;
  LinearLayer out_linear_;
  Parameter* w_y_;
};

class SrDeltaLayer final : public AgentLayer {
 public:
  SrDeltaLayer(ParameterSet& set, const AgentOptions& options, const std::string& prefix)
      : heads_(options.heads),
        d_(options.hidden / options.heads),
        input_softmax_(options.input_softmax),
        norm_(set, options, prefix),
        out_linear_(set, prefix + ".out_linear", options.hidden, options.hidden, false),
        matrix_(set, prefix, {.heads = heads_, .d = d_, .outs = 3 * d_ + 1, .beta_init = options.beta_init}) {}

  std::vector<Shape> state_shapes(std::int64_t batch) const override {
    return {{batch, heads_, d_, matrix_.rows()}, {batch, heads_, d_, d_}};
  }

  Variable forward(Tape& tape, const Variable& x, const CoreState& before, const Tensor& first, CoreState& after,
                   ForwardMode) const override {
    const Variable shift = before.at(after.size()), memory = before.at(after.size() + 1);
    const Variable start = shift.absent() ? matrix_.initial(tape) : from_shift(tape, shift, matrix_.initial(tape));
    const Srwm srwm{.input_softmax = input_softmax_, .reset = first};
    const auto [projected, w_last] =
        tape.apply(srwm, {norm_(tape, x), start, first.absent() ? Variable() : matrix_.initial(tape)});
    const Variable shifted = tape.apply(ShiftKeys{.heads = heads_}, {projected})[0];
    const auto [y, last] = tape.apply(DeltaNet{.heads = heads_, .eps = 0, .reset = first}, {shifted, memory});
    after.push_back(to_shift(tape, w_last, matrix_.initial(tape)));
    after.push_back(last.value());
    return add(tape, x.reshaped(rows_of(x)), out_linear_(tape, y.reshaped(rows_of(x))));
  }

 private:
  std::int64_t heads_, d_;
  bool input_softmax_;
  InputNorm norm_;
  LinearLayer out_linear_;
  SrwmMatrix matrix_;
};

}  // namespace

std::unique_ptr<AgentLayer> make_agent_layer(ParameterSet& set, const AgentOptions& options, const std::string& prefix,
                                             DropoutSites& sites) {
  CoreOptions shared{.heads = options.heads,
                     .hidden = options.hidden,
                     .layer_norm = false,
                     .input_softmax = options.input_softmax,
                     .beta_init = options.beta_init,
                     .key_eps = 1e-5};
  const auto shared_layer = [&](CoreKind kind, const InputNorm& norm) {
    shared.kind = kind;
    return std::make_unique<SharedLayer>(set, shared, norm, prefix, sites);
  };
  switch (options.core) {
    case AgentCoreKind::srwm:
      return shared_layer(CoreKind::srwm, InputNorm(set, options, prefix));
    case AgentCoreKind::delta_net:
      return shared_layer(CoreKind::delta_net, InputNorm());
    case AgentCoreKind::linear_transformer:
      return shared_layer(CoreKind::linear_transformer, InputNorm());
    case AgentCoreKind::fake_sr:
      return std::make_unique<FakeSrLayer>(set, options, prefix);
    case AgentCoreKind::sr_delta:
      return std::make_unique<SrDeltaLayer>(set, options, prefix);
    case AgentCoreKind::feed_forward:
    case AgentCoreKind::feed_forward_deep:
    case AgentCoreKind::lstm:
      break;
  }
  return nullptr;
}

}  // namespace srwm
