#include "nn/sr_delta_layer.h"

#include "nn/srwm_matrix.h"
#include "ops/delta_net.h"
#include "ops/shift_keys.h"
#include "ops/srwm.h"

namespace srwm {
namespace {

class SrDeltaLayer final : public SequenceLayer {
 public:
  SrDeltaLayer(ParameterSet& set, const std::string& name, const CoreOptions& options, DropoutSites& sites)
      : SequenceLayer(set, name, options, sites, InputNorm::as_option),
        heads_(options.heads),
        d_(options.hidden / options.heads),
        input_softmax_(options.input_softmax),
        matrix_(set, name, {.heads = heads_, .d = d_, .out_dim = 3 * d_ + 1, .beta_init = options.beta_init}) {}

  std::vector<Shape> state_shapes(std::int64_t batch) const override {
    return {{batch, heads_, d_, matrix_.rows()}, {batch, heads_, d_, d_}};
  }
  void append_initial(Tape& tape, CoreState& state) const override {
    state.push_back(matrix_.initial(tape));
    state.push_back({});
  }

 private:
  Variable recur_impl(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset,
                      CoreState& after) const override {
    const Variable first = before.empty() ? matrix_.initial(tape) : before.at(after.size());
    const Variable memory = before.at(after.size() + 1);
    const Variable at_reset = reset.absent() ? Variable() : matrix_.initial(tape);
    const auto [projected, w_last] =
        tape.apply(Srwm{.input_softmax = input_softmax_, .reset = reset}, {x, first, at_reset});
    const Variable shifted = tape.apply(ShiftKeys{.heads = heads_}, {projected})[0];
    const auto [y, last] = tape.apply(DeltaNet{.heads = heads_, .eps = 0, .reset = reset}, {shifted, memory});
    after.push_back(w_last);
    after.push_back(last);
    return y;
  }

  std::int64_t heads_, d_;
  bool input_softmax_;
  SrwmMatrix matrix_;
};

}  // namespace

std::unique_ptr<SequenceLayer> make_sr_delta_layer(ParameterSet& set, const std::string& name,
                                                   const CoreOptions& options, DropoutSites& sites) {
  return std::make_unique<SrDeltaLayer>(set, name, options, sites);
}

}  // namespace srwm
