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

/// What the training loop reads of a spec, whatever its task.
struct LoopOptions {
  std::int64_t steps = 0;       ///< as train.steps counts: what Task::position reaches at the end
  std::int64_t accumulate = 1;  ///< passes per optimizer step, gradients summed
  std::int64_t report_every = 100, validation_every = 0;  ///< optimizer steps; 0: never
  CheckpointSpec checkpoint;                              ///< likewise
  Precision precision = Precision::fp32;
};

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
