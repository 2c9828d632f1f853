#include "tasks/fewshot/predictor.h"

#include <algorithm>

namespace srwm {
namespace {

/// Batches whose predictions stay on a GPU before they are fetched together.
constexpr std::int64_t most_waiting = 32;

double element(const Tensor& tensor, std::int64_t i) {
  return tensor.dtype() == DType::f64 ? tensor.data<double>()[i] : static_cast<double>(tensor.data<float>()[i]);
}

}  // namespace

void Predictor::start(const EpisodeBatch& batch, const ImagePool& pool) {
  const StagedBatch staged = learner_.stage(context_, batch, pool);
  const PassShape shape{batch.batch, batch.length, batch.queries, staged.targets.numel()};
  if (shape != shape_) finish();
  shape_ = shape;
  const FewShotLearner::Prediction prediction =
      passes_.perform(context_, shape, [&] { return learner_.predict(context_, staged); });
  if (waiting_ == 0) make_room(prediction);
  keep(prediction, batch);
  if (waiting_ == logits_.dim(0)) finish();
}

void Predictor::make_room(const FewShotLearner::Prediction& prediction) {
  const std::int64_t batches = context_.device().kind == Device::Kind::cpu ? 1 : most_waiting;
  const std::int64_t targets = prediction.logits.dim(0), n_way = prediction.logits.dim(1);
  const Shape shape{batches, targets, n_way};
  if (logits_ && logits_.shape() == shape) return;
  logits_ = context_.persistent(shape);
  losses_ = context_.persistent({batches});
  correct_ = context_.persistent({batches});
  targets_ = Tensor::owning({batches, targets}, DType::i32);
  tasks_ = Tensor::owning({batches, targets}, DType::u8);
}

void Predictor::keep(const FewShotLearner::Prediction& prediction, const EpisodeBatch& batch) {
  const std::int64_t i = waiting_++;
  context_.copy(logits_.rows(i, i + 1), prediction.logits);
  context_.copy(losses_.rows(i, i + 1), prediction.outcome.loss);
  context_.copy(correct_.rows(i, i + 1), prediction.outcome.correct);
  std::int32_t* target = targets_.rows(i, i + 1).data<std::int32_t>();
  std::uint8_t* task = tasks_.rows(i, i + 1).data<std::uint8_t>();
  for (std::size_t p = 0; p < batch.target.size(); ++p) {
    if (batch.target[p] < 0) continue;
    *target++ = batch.target[p];
    *task++ = batch.task[p];
  }
}

void Predictor::finish() {
  if (waiting_ == 0) return;
  const Tensor logits = context_.on_host(logits_.rows(0, waiting_));
  const Tensor losses = context_.on_host(losses_), correct = context_.on_host(correct_);
  const Shape shape{logits.dim(1), logits.dim(2)};
  for (std::int64_t i = 0; i < waiting_; ++i) {
    sink_({.episodes = shape_.episodes,
           .queries = shape_.queries,
           .loss = element(losses, i),
           .correct = static_cast<std::int64_t>(element(correct, i)),
           .logits = logits.rows(i, i + 1).reshaped(shape),
           .targets = targets_.rows(i, i + 1).reshaped({shape[0]}),
           .tasks = tasks_.rows(i, i + 1).reshaped({shape[0]})});
  }
  waiting_ = 0;
}

Prediction predict(Context& context, FewShotLearner& learner, const EpisodeBatch& batch, const ImagePool& pool) {
  Prediction result;
  Predictor predictor(context, learner, [&](const Prediction& prediction) { result = prediction; });
  predictor.start(batch, pool);
  predictor.finish();
  return result;
}

}  // namespace srwm
