// What every experiment spec has, as typed values. The keys of a task, their ranges and their meaning are declared by
// the task (lib/tasks); docs/spec.md is the reference for users.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/precision.h"

namespace srwm {

class SpecKeys;  // spec/fields.h

/// Values that a result is compared with, as fractions.
struct FiguresSpec {
  std::optional<double> published;  ///< the task's headline metric in the publication
  std::string source;               ///< where it is from
  std::optional<double> expected;   ///< the same, seen with this very spec
  std::string cost;                 ///< what that run cost: device and time
};

struct CheckpointSpec {
  std::int64_t every = 1000;  ///< steps between writes of latest.h5
  std::int64_t keep = 0;      ///< older checkpoints kept besides latest and best, as step-<n>.h5
};

/// Where the gradient of an optimizer step comes from.
enum class GradientSource {
  backward,   ///< the derivative of the loss
  evolution,  ///< differences of losses at perturbed parameters (train/evolution.h)
};
inline constexpr GradientSource all_gradient_sources[] = {GradientSource::backward, GradientSource::evolution};

/// As in specs: "backward", "evolution".
constexpr std::string_view name_of(GradientSource source) {
  switch (source) {
    case GradientSource::backward:
      return "backward";
    case GradientSource::evolution:
      return "evolution";
  }
  return "?";
}

/// Evolution strategies; the defaults are those of VSML (arXiv 2012.14905).
struct EvolutionOptions {
  std::int64_t population = 1024;  ///< antithetic pairs of an optimizer step
  double noise = 0.05;             ///< standard deviation of the perturbations
};

/// What the training loop reads of a spec, whatever its task.
struct LoopOptions {
  std::int64_t steps = 0;       ///< as train.steps counts: what Task::position reaches at the end
  std::int64_t accumulate = 1;  ///< passes per optimizer step, gradients summed
  GradientSource gradient = GradientSource::backward;
  EvolutionOptions evolution;                             ///< with GradientSource::evolution
  std::int64_t report_every = 100, validation_every = 0;  ///< optimizer steps; 0: never
  std::int64_t patience = 0;  ///< validations without a new best one after which training ends; 0: it does not
  CheckpointSpec checkpoint;  ///< in optimizer steps
  Precision precision = Precision::fp32;

  /// Passes that an optimizer step stages: a pair of a population counts as one.
  std::int64_t passes() const { return gradient == GradientSource::evolution ? evolution.population : accumulate; }
};

/// Of a spec with the usual members `train`, `validation` and `checkpoint`; without a population.
template <typename Spec>
LoopOptions loop_of(const Spec& spec) {
  LoopOptions loop;
  loop.steps = spec.train.steps;
  loop.accumulate = spec.train.accumulate;
  loop.report_every = spec.train.report_every;
  loop.validation_every = spec.validation.every;
  loop.checkpoint = spec.checkpoint;
  loop.precision = spec.train.precision;
  return loop;
}

/// The spec of a task derives from it.
struct AnySpec {
  AnySpec() = default;
  AnySpec(const AnySpec&) = default;
  AnySpec& operator=(const AnySpec&) = default;
  virtual ~AnySpec() = default;
  virtual std::unique_ptr<AnySpec> clone() const = 0;
  virtual LoopOptions loop() const = 0;
  /// The keys of its task.
  virtual const SpecKeys& keys() const = 0;
  /// As in specs: "fewshot", "rl".
  std::string_view task() const;

  std::string name;
  std::string comment;
  std::uint64_t seed = 1;
  FiguresSpec figures;
};

}  // namespace srwm
