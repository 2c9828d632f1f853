// A few-shot model with its parameters, and what is done with a batch of episodes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "data/augmentation.h"
#include "data/episode.h"
#include "nn/parameters.h"
#include "ops/context.h"
#include "ops/gather_images.h"
#include "ops/mean_squares.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/fewshot_model.h"

namespace srwm {

/// Loss and accuracy of one forward pass.
struct BatchOutcome {
  double loss = 0;           ///< mean cross-entropy over the targets
  std::int64_t correct = 0;  ///< targets predicted right
  std::int64_t targets = 0;
};

/// A batch of episodes on the device, in step memory: everything that a pass reads besides the parameters.
struct StagedBatch {
  FewShotInput input;
  std::array<GatherImages, ImagePool::max_sets> gathers;  ///< the first `sets` fill input.images together
  std::size_t sets = 0;
  Tensor targets;            ///< i32, of the rows in input.rows
  BootstrapInput bootstrap;  ///< instead of `input` for a batch with future images: the same, part by part
};

/// Fills the images of a staged batch.
void gather_images(Context& context, const StagedBatch& batch);

class FewShotLearner {
 public:
  /// Parameters are drawn from spec.seed.
  FewShotLearner(Context& context, const ExperimentSpec& spec, const ImageShape& image);

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

  /// Sends a batch to the device; rewinds step memory first. The images of a pool are sent once, at their first use.
  /// `placements` are none, or one for each position of the batch.
  StagedBatch stage(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                    std::span<const Placement> placements = {});

  /// Figures of a pass, [1] each, on the device.
  struct Outcome {
    Tensor loss, correct;
  };
  /// Forward and backward of the mean loss over the targets, or of the bootstrapped loss for a batch with future images
  /// (`correct` is then of the queries before these); gradients are added to what the parameters hold since
  /// zero_grad. Waits for nothing: can be recorded.
  Outcome gradient(Context& context, const StagedBatch& batch, const TensorWatcher& watcher = {});

  /// The same loss and figures without gradients: forward alone.
  Outcome loss(Context& context, const StagedBatch& batch);

  /// Staging and gradients, and the figures.
  BatchOutcome accumulate_gradient(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                   const TensorWatcher& watcher = {});

  /// Forward alone with running batch-norm statistics and without dropout. Waits for nothing: can be recorded.
  struct Prediction {
    Tensor logits;  ///< [targets, n_way]
    Outcome outcome;
  };
  Prediction predict(Context& context, const StagedBatch& batch, const TensorWatcher& watcher = {});

 private:
  struct Forward {
    Variable logits, loss, correct;
  };
  Forward training_pass(Tape& tape, const StagedBatch& batch);
  Forward forward(Tape& tape, const StagedBatch& batch, ForwardMode mode);
  Forward bootstrapped(Tape& tape, const StagedBatch& batch) const;
  Variable state_difference(Tape& tape, const BootstrapOutput& output) const;
  Tensor on_device(Context& context, const Tensor& images);

  BootstrapSpec bootstrap_;
  std::array<std::int64_t, MeanSquares::max_blocks> state_blocks_{};  ///< parts of a state tensor's last axis
  ParameterSet parameters_;
  FewShotModel model_;
  std::vector<std::pair<Tensor, Tensor>> pools_;  ///< images on the host, and on the device where that is another place
};

}  // namespace srwm
