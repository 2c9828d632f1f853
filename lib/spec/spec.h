// The experiment spec as typed values, every default filled in. The keys, their ranges and their meaning are declared
// in spec/fields.h; docs/spec.md is the reference for users.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/precision.h"
#include "data/episode.h"
#include "data/glyphs.h"
#include "nn/options.h"
#include "optim/options.h"

namespace srwm {

/// What an experiment is about; each has keys of its own.
enum class Task { fewshot, rl };
inline constexpr Task all_tasks[] = {Task::fewshot, Task::rl};

/// As in specs: "fewshot", "rl".
constexpr std::string_view name_of(Task task) {
  return task == Task::rl ? "rl" : "fewshot";
}

/// The command of srwm that takes specs of the task.
constexpr std::string_view training_command(Task task) {
  return task == Task::rl ? "train-rl" : "train-fewshot";
}

/// A figure from elsewhere or from us that a result is compared with, as a fraction.
struct FiguresSpec {
  std::optional<double> published;  ///< test accuracy, or an agent's normalised test score, in the publication
  std::string source;               ///< where it is from
  std::optional<double> expected;   ///< the same, seen with this very spec
  std::string cost;                 ///< what that run cost: device and time
};

/// What every spec has.
struct AnySpec {
  explicit AnySpec(Task task_of_it) : task(task_of_it) {}
  AnySpec(const AnySpec&) = default;
  AnySpec& operator=(const AnySpec&) = default;
  virtual ~AnySpec() = default;
  virtual std::unique_ptr<AnySpec> clone() const = 0;

  Task task;
  std::string name;
  std::string comment;
  std::uint64_t seed = 1;
  FiguresSpec figures;
};

struct DataSpec {
  std::string dataset = "glyphs";         ///< "glyphs": built in; else a name or path for find_dataset
  std::string second_dataset = "glyphs";  ///< of the protocol sequential; "glyphs": with another seed
  bool normalize = false;                 ///< subtract the dataset's mean, divide by its std
  std::string train_episodes;             ///< train on this episodes file, in its order, instead of drawing episodes
  GlyphOptions glyphs;                    ///< used only by dataset "glyphs"
};

struct TrainSpec {
  std::int64_t steps = 100000;      ///< optimizer steps
  std::int64_t batch = 128;         ///< episodes per forward pass
  std::int64_t accumulate = 1;      ///< forward passes per optimizer step, gradients summed
  std::int64_t report_every = 100;  ///< steps between lines of metrics.jsonl
  Precision precision = Precision::fp32;
};

struct ValidationSpec {
  std::int64_t every = 1000;   ///< steps; 0: never
  std::int64_t batches = 100;  ///< of train.batch episodes
};

struct CheckpointSpec {
  std::int64_t every = 1000;  ///< steps between writes of latest.h5
  std::int64_t keep = 0;      ///< older checkpoints kept besides latest and best, as step-<n>.h5
};

struct TestSpec {
  std::int64_t episodes = 32000;  ///< evaluated on the test split when training ends; 0: none
};

enum class BootstrapKind { none, kl, state_mse };
inline constexpr BootstrapKind all_bootstrap_kinds[] = {BootstrapKind::none, BootstrapKind::kl,
                                                        BootstrapKind::state_mse};

/// As in specs: "none", "kl", "state_mse".
constexpr std::string_view name_of(BootstrapKind kind) {
  switch (kind) {
    case BootstrapKind::none:
      return "none";
    case BootstrapKind::kl:
      return "kl";
    case BootstrapKind::state_mse:
      return "state_mse";
  }
  return "?";
}

/// Training towards what the model itself will know after more images (arXiv 2305.01547).
struct BootstrapSpec {
  BootstrapKind kind = BootstrapKind::none;
  std::int64_t future_shots = 5;  ///< more images of each class
  double loss_scale = 1;          ///< of the cross-entropy of the queries after the support
  double match_scale = 10;        ///< of the divergence from what is known after the future
  double future_loss_scale = 1;   ///< of the cross-entropy of the queries after the future
};

/// A few-shot experiment.
struct ExperimentSpec : AnySpec {
  ExperimentSpec() : AnySpec(Task::fewshot) {}
  std::unique_ptr<AnySpec> clone() const override { return std::make_unique<ExperimentSpec>(*this); }

  DataSpec data;
  EpisodeOptions protocol;
  BootstrapSpec bootstrap;
  FewShotModelOptions model;
  OptimOptions optim;
  TrainSpec train;
  ValidationSpec validation;
  CheckpointSpec checkpoint;
  TestSpec test;
};

}  // namespace srwm
