#include "nn/fast_weight_layer.h"

#include <optional>

#include "core/error.h"
#include "nn/srwm_matrix.h"

namespace srwm {
namespace {

class SrwmLayer final : public FastWeightLayer {
 public:
  SrwmLayer(ParameterSet& set, const std::string& prefix, const CoreOptions& options, DropoutSites& sites)
      : FastWeightLayer(set, prefix, options, sites),
        input_softmax_(options.input_softmax),
        matrix_(set, prefix, matrix_options(options)) {
    if (options.layer_norm) layer_norm_.emplace(set, prefix + ".layer_norm", options.hidden);
  }

  Memory remember(Tape& tape, const Variable& x, const Variable& first, const Tensor& reset) const override {
    const Tape::Scope scope(tape, name());
    const Srwm op{.input_softmax = input_softmax_, .reset = reset};
    const auto [y, last] =
        tape.apply(op, {x, first.absent() ? initial(tape) : first, reset.absent() ? Variable() : initial(tape)});
    return {y, last};
  }

  Variable initial(Tape& tape) const override { return matrix_.initial(tape); }

 private:
  static SrwmMatrixOptions matrix_options(const CoreOptions& options) {
    const std::int64_t d = options.hidden / options.heads;
    return {.heads = options.heads, .d = d, .outs = d, .beta_init = options.beta_init};
  }

  Variable residual(Tape& tape, const Variable& x) const override { return layer_norm_ ? (*layer_norm_)(tape, x) : x; }

  bool input_softmax_;
  SrwmMatrix matrix_;
  std::optional<LayerNormLayer> layer_norm_;
};

/// A memory that keeps what a slow net of `outputs` units tells it to.
template <typename Op>
class SlowNetLayer final : public FastWeightLayer {
 public:
  SlowNetLayer(ParameterSet& set, const std::string& prefix, const CoreOptions& options, std::int64_t outputs,
               DropoutSites& sites)
      : FastWeightLayer(set, prefix, options, sites),
        options_(options),
        slow_net_(set, prefix + ".slow_net", options.hidden, outputs, false),
        layer_norm_(set, prefix + ".layer_norm", options.hidden) {}

  Memory remember(Tape& tape, const Variable& x, const Variable& first, const Tensor& reset) const override {
    const Tape::Scope scope(tape, name());
    const Variable projected = slow_net_(tape, layer_norm_(tape, x));
    Op op{.heads = options_.heads, .reset = reset};
    if constexpr (requires { op.eps; }) op.eps = options_.key_eps;
    const auto [y, last] = tape.apply(op, {projected, first});
    return {y, last};
  }

 private:
  Variable residual(Tape&, const Variable& x) const override { return x; }

  CoreOptions options_;
  LinearLayer slow_net_;
  LayerNormLayer layer_norm_;
};

}  // namespace

FastWeightLayer::FastWeightLayer(ParameterSet& set, std::string prefix, const CoreOptions& options, DropoutSites& sites)
    : name_(std::move(prefix)),
      out_linear_(set, name_ + ".out_linear", options.hidden, options.hidden, false),
      dropout_(options.dropout, sites.next()) {}

Variable FastWeightLayer::combine(Tape& tape, const Variable& x, const Variable& y, ForwardMode mode) const {
  return add(tape, residual(tape, x), dropout_(tape, out_linear_(tape, y), mode));
}

std::unique_ptr<FastWeightLayer> make_fast_weight_layer(ParameterSet& set, const std::string& prefix,
                                                        const CoreOptions& options, DropoutSites& sites) {
  const std::int64_t keys_and_values = 3 * options.hidden;  // q, k and v
  switch (options.kind) {
    case CoreKind::srwm:
      return std::make_unique<SrwmLayer>(set, prefix, options, sites);
    case CoreKind::delta_net:
      return std::make_unique<SlowNetLayer<DeltaNet>>(set, prefix, options, keys_and_values + options.heads, sites);
    case CoreKind::linear_transformer:
      return std::make_unique<SlowNetLayer<LinearAttention>>(set, prefix, options, keys_and_values, sites);
    case CoreKind::transformer:
      return std::make_unique<SlowNetLayer<SoftmaxAttention>>(set, prefix, options, keys_and_values, sites);
    case CoreKind::lstm:
      break;
  }
  throw InternalError("this kind of core has no fast-weight layers");
}

}  // namespace srwm
