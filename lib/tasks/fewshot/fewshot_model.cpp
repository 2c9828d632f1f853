#include "tasks/fewshot/fewshot_model.h"

#include "ops/concat_one_hot.h"

namespace srwm {

FewShotModel::FewShotModel(ParameterSet& set, const FewShotModelOptions& options, const ImageShape& image,
                           std::int64_t n_way)
    : n_way_(n_way),
      vision_(make_image_encoder(set, options.vision, image, sites_)),
      core_(make_core(set, options.core, vision_->features() + n_way, sites_)),
      out_layer_(set, "out_layer", core_->width(), n_way),
      input_dropout_(options.vision.input_dropout, sites_.next()) {}

Variable FewShotModel::logits(Tape& tape, const FewShotInput& input, ForwardMode mode) const {
  const Variable x = embed(tape, input.images, input.labels, mode);
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

BootstrapOutput FewShotModel::bootstrap(Tape& tape, const BootstrapInput& input) const {
  const std::int64_t support = input.batch * input.support, queries = input.batch * input.queries,
                     future = input.batch * input.future;
  const auto embed_part = [&](std::int64_t begin, std::int64_t count, std::int64_t sequences, ForwardMode mode) {
    const std::int64_t end = begin + count;
    const Variable x = embed(tape, input.images.rows(begin, end), input.labels.rows(begin, end), mode);
    return x.reshaped({sequences, count / sequences, x.shape()[1]});
  };
  const auto mode = [](std::uint32_t pass) { return ForwardMode{.training = true, .pass = pass_number(pass)}; };
  const auto answer = [&](const CoreState& state, ForwardMode query_mode) {
    const Variable x = embed_part(support, queries, queries, query_mode);
    return out_layer_(tape, core_->forward(tape, {.x = x, .state = &state}, query_mode).y);
  };
  BootstrapOutput output;
  const Variable support_x = embed_part(0, support, input.batch, mode(0));
  output.state = core_->forward(tape, {.x = support_x, .state_only = true}, mode(0)).state;
  output.logits = answer(output.state, mode(1));
  const Variable future_x = embed_part(support + queries, future, input.batch, mode(2));
  output.future_state =
      core_->forward(tape, {.x = future_x, .state = &output.state, .state_only = true}, mode(2)).state;
  output.future_logits = answer(output.future_state, mode(3));
  return output;
}

Variable FewShotModel::embed(Tape& tape, const Tensor& images, const Tensor& labels, ForwardMode mode) const {
  const Variable features = (*vision_)(tape, input_dropout_(tape, images, mode), mode);
  return tape.apply(ConcatOneHot{.labels = labels, .classes = n_way_}, {features})[0];
}

}  // namespace srwm
