#include "nn/fewshot_model.h"

namespace srwm {

FewShotModel::FewShotModel(ParameterSet& set, const FewShotModelOptions& options, const ImageShape& image,
                           std::int64_t n_way)
    : n_way_(n_way),
      vision_(make_image_encoder(set, options.vision, image, sites_)),
      core_(make_core(set, options.core, vision_->features() + n_way, sites_)),
      out_layer_(set, "out_layer", core_->width(), n_way),
      input_dropout_(options.vision.input_dropout, sites_.next()) {}

Variable FewShotModel::logits(Tape& tape, const FewShotInput& input, ForwardMode mode) const {
  const Variable features = (*vision_)(tape, input_dropout_(tape, input.images, mode), mode);
  const Variable x = tape.apply(ConcatOneHot{.labels = input.labels, .classes = n_way_}, {features})[0];
  const Variable y = input.queries > 0 ? branches(tape, x, input, mode) : one_sequence(tape, x, input, mode);
  return out_layer_(tape, y);
}

Variable FewShotModel::one_sequence(Tape& tape, const Variable& x, const FewShotInput& input, ForwardMode mode) const {
  const Variable sequence = x.reshaped({input.batch, input.length, x.shape()[1]});
  return core_->forward(tape, {.x = sequence, .rows = input.rows}, mode).y;
}

Variable FewShotModel::branches(Tape& tape, const Variable& x, const FewShotInput& input, ForwardMode mode) const {
  const std::int64_t width = x.shape()[1], queries = input.batch * input.queries;
  const Variable support =
      select_rows(tape, x, input.support_rows).reshaped({input.batch, input.length - input.queries, width});
  const CoreState state = core_->forward(tape, {.x = support, .state_only = true}, mode).state;
  const Variable query = select_rows(tape, x, input.rows).reshaped({queries, 1, width});
  ForwardMode query_mode = mode;
  query_mode.pass = 1;
  return core_->forward(tape, {.x = query, .state = &state}, query_mode).y;
}

}  // namespace srwm
