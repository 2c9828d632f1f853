#include "nn/fake_sr_layer.h"

#include <cmath>

#include "ops/head_linear.h"

namespace srwm {
namespace {

class FakeSrLayer final : public SequenceLayer {
 public:
  FakeSrLayer(ParameterSet& set, const std::string& name, const CoreOptions& options, DropoutSites& sites)
      : SequenceLayer(set, name, options, sites, InputNorm::as_option) {
    const std::int64_t d = options.hidden / options.heads;
    w_y_ = &set.normal(name + ".W_y", {options.heads, d, d}, 0, 1 / std::sqrt(static_cast<double>(d)));
  }

  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }
  void append_initial(Tape&, CoreState&) const override {}

 private:
  Variable recur_impl(Tape& tape, const Variable& x, const CoreState&, const Tensor&, CoreState&) const override {
    return tape.apply(HeadLinear{}, {x, w_y_->on(tape)})[0];
  }

  Parameter* w_y_;
};

}  // namespace

std::unique_ptr<SequenceLayer> make_fake_sr_layer(ParameterSet& set, const std::string& name,
                                                  const CoreOptions& options, DropoutSites& sites) {
  return std::make_unique<FakeSrLayer>(set, name, options, sites);
}

}  // namespace srwm
