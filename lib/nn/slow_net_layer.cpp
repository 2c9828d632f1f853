#include "nn/slow_net_layer.h"

#include <type_traits>

#include "ops/delta_net.h"
#include "ops/linear_attention.h"
#include "ops/softmax_attention.h"

namespace srwm {
namespace {

template <typename Op>
class SlowNetLayer final : public SequenceLayer {
 public:
  SlowNetLayer(ParameterSet& set, const std::string& name, const CoreOptions& options, std::int64_t outputs,
               DropoutSites& sites)
      : SequenceLayer(set, name, options, sites, InputNorm::none),
        heads_(options.heads),
        d_(options.hidden / options.heads),
        key_eps_(options.key_eps),
        slow_net_(set, name + ".slow_net", options.hidden, outputs, false),
        layer_norm_(set, name + ".layer_norm", options.hidden) {}

  std::vector<Shape> state_shapes(std::int64_t batch) const override {
    if constexpr (std::is_same_v<Op, SoftmaxAttention>) {
      return {{batch, 0, 2 * heads_ * d_ + 1}};  // no position is remembered
    } else {
      return {{batch, heads_, d_, d_}};
    }
  }
  void append_initial(Tape&, CoreState& state) const override { state.push_back({}); }

 private:
  Variable recur_impl(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset,
                      CoreState& after) const override {
    const Variable projected = slow_net_(tape, layer_norm_(tape, x));
    Op op{.heads = heads_, .reset = reset};
    if constexpr (requires { op.eps; }) op.eps = key_eps_;
    const auto [y, last] = tape.apply(op, {projected, before.at(after.size())});
    after.push_back(last);
    return y;
  }

  std::int64_t heads_, d_;
  double key_eps_;
  LinearLayer slow_net_;
  LayerNormLayer layer_norm_;
};

}  // namespace

std::unique_ptr<SequenceLayer> make_delta_net_layer(ParameterSet& set, const std::string& name,
                                                    const CoreOptions& options, DropoutSites& sites) {
  const std::int64_t outputs = 3 * options.hidden + options.heads;  // q, k, v and beta
  return std::make_unique<SlowNetLayer<DeltaNet>>(set, name, options, outputs, sites);
}

std::unique_ptr<SequenceLayer> make_linear_attention_layer(ParameterSet& set, const std::string& name,
                                                           const CoreOptions& options, DropoutSites& sites) {
  return std::make_unique<SlowNetLayer<LinearAttention>>(set, name, options, 3 * options.hidden, sites);
}

std::unique_ptr<SequenceLayer> make_softmax_attention_layer(ParameterSet& set, const std::string& name,
                                                            const CoreOptions& options, DropoutSites& sites) {
  return std::make_unique<SlowNetLayer<SoftmaxAttention>>(set, name, options, 3 * options.hidden, sites);
}

}  // namespace srwm
