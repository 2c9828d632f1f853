// One optimizer step after the other, without waiting for the device in between.
#pragma once

#include <cstdint>
#include <variant>

#include "data/episode.h"
#include "fewshot/data.h"
#include "fewshot/learner.h"
#include "ops/repeated_work.h"
#include "optim/adam.h"
#include "spec/spec.h"

namespace srwm {

/// What training steps have added up, as the host knows it after a wait.
struct StepTotals {
  double loss = 0;            ///< sum over passes of their mean losses
  std::int64_t correct = 0;   ///< targets predicted right
  double grad_norm = 0;       ///< of the last step
  std::int64_t bad_step = 0;  ///< the first step with a loss or gradient that is not finite, from 1; 0: none. The
                              ///< parameters have not changed since
};

/// Steps are numbered from 0 over the whole run; what a step does is a function of its number and of the parameters.
class TrainingStep {
 public:
  TrainingStep(Context& context, FewShotLearner& learner, Adam& adam, const EpisodeSource& source,
               const ExperimentSpec& spec);

  /// What a step is made of, known without a wait.
  struct Report {
    double rate = 0;
    std::int64_t passes = 0, images = 0, targets = 0;
  };
  /// Starts optimizer step `step`: gradients of train.accumulate batches, then Adam.
  Report run(std::int64_t step);

  /// Waits, and reads what was added up since `set_totals`.
  StepTotals totals();
  void set_totals(const StepTotals& totals);

  /// The last batch of a step again, with its random numbers: to look for what went wrong in it.
  const EpisodeBatch& draw_again(std::int64_t step);
  /// Whether a wait costs nothing, because nothing is ever left running.
  bool synchronous() const { return context_.device().kind == Device::Kind::cpu; }

 private:
  struct PassShape {
    bool first;  ///< of its step
    std::int64_t batch, length, queries, targets;
    bool operator==(const PassShape&) const = default;
  };
  enum class Update { adam };

  void draw(std::int64_t step, std::int64_t pass_of_step);
  void pass(const StagedBatch& staged, bool first);

  Context& context_;
  FewShotLearner& learner_;
  Adam& adam_;
  const EpisodeSource& source_;
  std::int64_t batch_size_, accumulate_;
  EpisodeBatch batch_;
  Tensor ledger_;
  RepeatedWork<PassShape, FewShotLearner::Outcome> passes_;
  RepeatedWork<Update, std::monostate> updates_;
};

}  // namespace srwm
