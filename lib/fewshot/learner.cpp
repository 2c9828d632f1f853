#include "fewshot/learner.h"

#include <algorithm>

namespace srwm {
namespace {

Tensor to_step_memory(Context& context, const std::vector<std::int32_t>& values) {
  Tensor tensor = context.empty({static_cast<std::int64_t>(values.size())}, DType::i32);
  std::ranges::copy(values, tensor.data<std::int32_t>());
  return tensor;
}

/// Positions with (`wanted`) or without a target, ascending.
Tensor positions(Context& context, const EpisodeBatch& batch, bool wanted) {
  const auto matches = [&](std::int32_t target) { return (target >= 0) == wanted; };
  Tensor rows = context.empty({std::ranges::count_if(batch.target, matches)}, DType::i32);
  std::int32_t* next = rows.data<std::int32_t>();
  for (std::int64_t p = 0; p < batch.positions(); ++p) {
    if (matches(batch.target[static_cast<std::size_t>(p)])) *next++ = static_cast<std::int32_t>(p);
  }
  return rows;
}

Tensor targets_at(Context& context, const EpisodeBatch& batch, const Tensor& rows) {
  Tensor targets = context.empty(rows.shape(), DType::i32);
  std::ranges::transform(rows.span<std::int32_t>(), targets.data<std::int32_t>(),
                         [&](std::int32_t p) { return batch.target[static_cast<std::size_t>(p)]; });
  return targets;
}

FewShotInput stage(Context& context, const EpisodeBatch& batch, const ImagePool& pool) {
  const ImageShape image = pool.shape();
  FewShotInput input;
  input.images = context.empty({batch.positions(), image.height, image.width, image.channels});
  gather_images(pool.images, batch, pool.mean, pool.std, context.threads(), input.images);
  input.labels = to_step_memory(context, batch.label_in);
  input.batch = batch.batch;
  input.length = batch.length;
  // A single query is the last step of the sequence: the same numbers without a second pass over the core.
  input.queries = batch.queries > 1 ? batch.queries : 0;
  input.rows = positions(context, batch, true);
  if (input.queries > 0) input.support_rows = positions(context, batch, false);
  return input;
}

double scalar(const Tensor& tensor) {
  return tensor.dtype() == DType::f64 ? *tensor.data<double>() : static_cast<double>(*tensor.data<float>());
}

}  // namespace

FewShotLearner::FewShotLearner(Context& context, const ExperimentSpec& spec, const ImageShape& image)
    : parameters_(context, spec.seed), model_(parameters_, spec.model, image, spec.protocol.n_way) {}

BatchOutcome FewShotLearner::accumulate_gradient(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                                 const TensorWatcher& watcher) {
  context.rewind();
  Tape tape(context);
  tape.watch(watcher);
  const Forward pass = forward(tape, batch, pool, {.training = true});
  tape.backward(pass.loss);
  return pass.outcome;
}

FewShotLearner::Prediction FewShotLearner::predict(Context& context, const EpisodeBatch& batch, const ImagePool& pool) {
  context.rewind();
  Tape tape(context, Tape::Mode::forward_only);
  const Forward pass = forward(tape, batch, pool, {.training = false});
  return {pass.outcome, pass.logits.value(), pass.targets};
}

FewShotLearner::Forward FewShotLearner::forward(Tape& tape, const EpisodeBatch& batch, const ImagePool& pool,
                                                ForwardMode mode) {
  const FewShotInput input = stage(tape.context(), batch, pool);
  const Tensor targets = targets_at(tape.context(), batch, input.rows);
  const Variable logits = model_.logits(tape, input, mode);
  const auto [loss, correct] = tape.apply(CrossEntropy{.targets = targets}, {logits});
  return {logits,
          loss,
          targets,
          {scalar(loss.value()), static_cast<std::int64_t>(scalar(correct.value())), targets.numel()}};
}

}  // namespace srwm
