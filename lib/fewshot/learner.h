// A few-shot model with its parameters, and what is done with a batch of episodes.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "data/episode.h"
#include "fewshot/data.h"
#include "nn/fewshot_model.h"
#include "nn/parameters.h"

namespace srwm {

/// Loss and accuracy of one forward pass.
struct BatchOutcome {
  double loss = 0;           ///< mean cross-entropy over the targets
  std::int64_t correct = 0;  ///< targets predicted right
  std::int64_t targets = 0;
};

class FewShotLearner {
 public:
  /// Parameters are drawn from spec.seed.
  FewShotLearner(Context& context, const ExperimentSpec& spec, const ImageShape& image);

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

  /// Forward and backward of the mean loss over the targets; gradients are added to what the parameters hold since
  /// zero_grad. Step memory of the context is rewound first.
  BatchOutcome accumulate_gradient(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                   const TensorWatcher& watcher = {});

  struct Prediction {
    BatchOutcome outcome;
    Tensor logits;   ///< [targets, n_way], host step memory: valid until the next call
    Tensor targets;  ///< i32 [targets]
  };
  /// Forward alone with running batch-norm statistics and without dropout.
  Prediction predict(Context& context, const EpisodeBatch& batch, const ImagePool& pool);

 private:
  struct Forward {
    Variable logits, loss;
    Tensor targets;
    BatchOutcome outcome;
  };
  Forward forward(Tape& tape, const EpisodeBatch& batch, const ImagePool& pool, ForwardMode mode);

  ParameterSet parameters_;
  FewShotModel model_;
};

}  // namespace srwm
