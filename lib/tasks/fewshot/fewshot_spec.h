// The spec of a few-shot experiment as typed values. The keys are declared in tasks/fewshot/keys.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/precision.h"
#include "data/augmentation.h"
#include "data/episode.h"
#include "data/glyphs.h"
#include "nn/options.h"
#include "optim/options.h"
#include "spec/spec.h"

namespace srwm {

const SpecKeys& fewshot_keys();

struct DataSpec {
  std::string dataset = "glyphs";         ///< "glyphs": built in; else a name or path for find_dataset
  std::string second_dataset = "glyphs";  ///< of the protocol sequential; "glyphs": with another seed
  bool normalize = false;                 ///< subtract the dataset's mean, divide by its std
  Augmentation augment;                   ///< of training images
  std::string train_episodes;             ///< train on this episodes file, in its order, instead of drawing episodes
  GlyphOptions glyphs;                    ///< used only by dataset "glyphs"
};

struct TrainSpec {
  std::int64_t steps = 100000;  ///< optimizer steps
  std::int64_t batch = 128;     ///< episodes per forward pass
  std::int64_t accumulate = 1;  ///< forward passes per optimizer step, gradients summed
  GradientSource gradient = GradientSource::backward;
  EvolutionOptions evolution;       ///< with GradientSource::evolution
  std::int64_t report_every = 100;  ///< steps between lines of metrics.jsonl
  Precision precision = Precision::fp32;
};

struct ValidationSpec {
  std::int64_t every = 1000;   ///< steps; 0: never
  std::int64_t patience = 0;   ///< validations without a new best one after which training ends; 0: it does not
  std::int64_t batches = 100;  ///< of train.batch episodes
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
  std::unique_ptr<AnySpec> clone() const override { return std::make_unique<ExperimentSpec>(*this); }
  LoopOptions loop() const override {
    LoopOptions loop = loop_of(*this);
    loop.gradient = train.gradient;
    loop.evolution = train.evolution;
    loop.patience = validation.patience;
    return loop;
  }
  const SpecKeys& keys() const override { return fewshot_keys(); }

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

/// As parse_spec_of and load_spec_of in spec/parse.h.
ExperimentSpec parse_spec_text(std::string_view text, std::string_view origin,
                               std::span<const std::string> overrides = {});
ExperimentSpec load_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {});

/// The spec with the longest episodes of its training from the first batch on: all ways, nothing trimmed.
ExperimentSpec with_longest_episodes(ExperimentSpec spec);

}  // namespace srwm
