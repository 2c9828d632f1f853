#include "nn/srwm_layer.h"

#include "nn/srwm_matrix.h"
#include "ops/srwm.h"

namespace srwm {
namespace {

class SrwmLayer final : public SequenceLayer {
 public:
  SrwmLayer(ParameterSet& set, const std::string& name, const CoreOptions& options, DropoutSites& sites)
      : SequenceLayer(set, name, options, sites, InputNorm::as_option),
        heads_(options.heads),
        d_(options.hidden / options.heads),
        input_softmax_(options.input_softmax),
        matrix_(set, name, {.heads = heads_, .d = d_, .out_dim = d_, .beta_init = options.beta_init}) {
    if (options.layer_norm) layer_norm_.emplace(set, name + ".layer_norm", options.hidden);
  }

  std::vector<Shape> state_shapes(std::int64_t batch) const override { return {{batch, heads_, d_, matrix_.rows()}}; }
  void append_initial(Tape& tape, CoreState& state) const override { state.push_back(matrix_.initial(tape)); }

 private:
  Variable recur_impl(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset,
                      CoreState& after) const override {
    const Variable first = before.empty() ? matrix_.initial(tape) : before.at(after.size());
    const Variable at_reset = reset.absent() ? Variable() : matrix_.initial(tape);
    const auto [y, last] = tape.apply(Srwm{.input_softmax = input_softmax_, .reset = reset}, {x, first, at_reset});
    after.push_back(last);
    return y;
  }
  Variable residual(Tape& tape, const Variable& x) const override { return layer_norm_ ? (*layer_norm_)(tape, x) : x; }

  std::int64_t heads_, d_;
  bool input_softmax_;
  SrwmMatrix matrix_;
  std::optional<LayerNormLayer> layer_norm_;
};

}  // namespace

std::unique_ptr<SequenceLayer> make_srwm_layer(ParameterSet& set, const std::string& name, const CoreOptions& options,
                                               DropoutSites& sites) {
  return std::make_unique<SrwmLayer>(set, name, options, sites);
}

}  // namespace srwm
