// Predictions for one batch of episodes after the other, without waiting for the device in between.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "ops/repeated_work.h"
#include "tasks/fewshot/learner.h"

namespace srwm {

/// What a model says about a batch of episodes, on the host.
struct Prediction {
  std::int64_t episodes = 0;
  std::int64_t queries = 0;  ///< of an episode, each a branch of its own; 0: an episode is one sequence
  double loss = 0;           ///< mean cross-entropy over the targets
  std::int64_t correct = 0;  ///< targets predicted right
  Tensor logits;             ///< [targets, n_way], of the context's real type
  Tensor targets;            ///< i32 [targets]; those of an episode lie together, in its order
  Tensor tasks;              ///< u8 [targets]: which of the source's image sets each is from
};

/// Takes a batch's predictions.
using PredictionSink = std::function<void(const Prediction&)>;

class Predictor {
 public:
  Predictor(Context& context, FewShotLearner& learner, PredictionSink sink)
      : context_(context), learner_(learner), sink_(std::move(sink)) {}

  /// Starts a batch. Predictions go to the sink in the order of the batches: on a CPU at once, on a GPU when a good
  /// number of batches is done.
  void start(const EpisodeBatch& batch, const ImagePool& pool);
  /// Waits, and hands over what is left.
  void finish();

 private:
  struct PassShape {
    std::int64_t episodes = 0, length = 0, queries = 0, targets = 0;
    bool operator==(const PassShape&) const = default;
  };
  void make_room(const FewShotLearner::Prediction& prediction);
  void keep(const FewShotLearner::Prediction& prediction, const EpisodeBatch& batch);

  Context& context_;
  FewShotLearner& learner_;
  PredictionSink sink_;
  RepeatedWork<PassShape, FewShotLearner::Prediction> passes_;
  PassShape shape_;                   ///< of the waiting batches
  std::int64_t waiting_ = 0;          ///< batches that were started and not yet handed over
  Tensor logits_, losses_, correct_;  ///< theirs, on the device, [batches, ...]
  Tensor targets_, tasks_;            ///< theirs, on the host
};

/// The predictions of a single batch.
Prediction predict(Context& context, FewShotLearner& learner, const EpisodeBatch& batch, const ImagePool& pool);

}  // namespace srwm
