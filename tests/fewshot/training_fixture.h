// A small experiment on generated data, run in a folder of its own.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>

#include "ops/backend.h"
#include "ops/context.h"
#include "support/run_files.h"
#include "support/temp_dir.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/fewshot_task.h"
#include "train/trainer.h"

namespace srwm::test {

/// 16-channel model on 3-way episodes of small generated images: about a millisecond per step.
ExperimentSpec small_spec();

/// The same model on two tasks after each other, trimmed by up to four images, two passes a step.
ExperimentSpec small_sequential_spec();

/// The same model trained with bootstrapping: two more images of each class, two queries.
ExperimentSpec small_bootstrap_spec(BootstrapKind kind);

/// The same model trained by evolution strategies with three pairs.
ExperimentSpec small_evolution_spec();

struct TrainOptions {
  const Backend* backend = &cpu_backend();
  bool eager = false;
  int threads = 2;
  bool resume = false;
  /// Stop after this many seconds; tiny values stop before the first step.
  std::optional<double> max_seconds;
};

/// Trains in `folder` as the binary does. Exceptions pass through.
void train(const ExperimentSpec& spec, const std::filesystem::path& folder, const TrainOptions& options = {});

/// Trains in several sittings; each of the first is cut off, as by a kill, after `stops` steps, most of them between
/// two checkpoints, so that the next one repeats some steps.
void train_in_pieces(const ExperimentSpec& spec, const std::filesystem::path& folder, std::initializer_list<int> stops,
                     TrainOptions options);

/// Writes the first episodes that the spec would draw for training to folder/episodes.h5 and returns its path.
std::filesystem::path store_training_episodes(const ExperimentSpec& spec, std::int64_t episodes,
                                              const std::filesystem::path& folder);

}  // namespace srwm::test
