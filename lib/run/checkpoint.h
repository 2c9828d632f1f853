// The state of a run in a file: everything that is needed to go on as if it had never stopped, or to evaluate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/named_tensor.h"
#include "ops/context.h"
#include "run/arithmetic.h"
#include "run/run_folder.h"
#include "run/state.h"

namespace srwm {

/// How far a run is. Nothing in it may depend on the clock: equal states must give equal files.
struct Progress {
  std::int64_t step = 0;              ///< optimizer steps (or updates) done
  std::optional<double> best_metric;  ///< best validation figure so far
  std::int64_t best_step = 0;         ///< when it was reached
  /// What else the task counts: "metric_lines", "env_steps". Names are [a-z0-9_]+ and not those above.
  std::map<std::string, std::int64_t> counters;
  std::map<std::string, double> reals;
};

/// Tensors are on the host; the caller copies them from and to the device.
struct Checkpoint {
  std::vector<NamedTensor> model;
  std::vector<NamedTensor> optimizer;  ///< may be empty: evaluation only
  State state;                         ///< what is neither model nor optimizer; may be empty
  Progress progress;
  std::string spec_json;       ///< the resolved spec
  std::string data_digest;     ///< of the dataset's content; empty if there is none
  Arithmetic arithmetic;       ///< what computed it
  std::string generator;       ///< who wrote it, commit included; filled in by load
  std::filesystem::path path;  ///< the file it was read from; filled in by load, named in every error about it

  StateReader state_reader() const { return {state, path}; }
};

/// Newest version of the checkpoint format: docs/file_formats.md, "Checkpoint".
inline constexpr std::int64_t checkpoint_version = 2;

/// The file's bytes, a function of the checkpoint and of this build alone.
std::vector<std::byte> checkpoint_image(const Checkpoint& checkpoint);
/// Writes a checkpoint whole or not at all (io/file.h). WriteError that says why, such as that the disk is full.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// Reads a checkpoint of any format version up to checkpoint_version. Tensors come sorted by name. DataError if the
/// file is missing, no checkpoint, of a newer format or incomplete; NotFiniteError, naming the first such
/// tensor, if model or optimizer hold NaN or infinite numbers.
Checkpoint load_checkpoint(const std::filesystem::path& path);
/// The same of a file's bytes, which another process has read from `path`.
Checkpoint load_checkpoint(std::span<const std::byte> image, const std::filesystem::path& path);

/// A state as bytes, and back: what another process has, on its way into a checkpoint.
std::vector<std::byte> state_image(const State& state);
State load_state(std::span<const std::byte> image);

/// Which tensors of a checkpoint: &Checkpoint::model or &Checkpoint::optimizer.
using CheckpointTensors = std::vector<NamedTensor> Checkpoint::*;

/// A tensor of a checkpoint by name; DataError naming it and the file if there is none, or if its shape or type is not
/// the one asked for.
const Tensor& find_tensor(const Checkpoint& checkpoint, CheckpointTensors part, const std::string& name,
                          const Shape& shape, DType dtype);

/// Copies the tensor that find_tensor finds to `target` on the device; shape and type must be those of `target`.
void restore_tensor(Context& context, const Checkpoint& checkpoint, CheckpointTensors part, const std::string& name,
                    const Tensor& target);

/// Writes latest.h5, best.h5 and, of the regular checkpoints, the newest as step-<n>.h5. NotFiniteError, and nothing is
/// written, where model or optimizer hold numbers that are not finite: the last good checkpoint stays.
class CheckpointWriter {
 public:
  /// `keep`: how many regular checkpoints older than the latest one stay as step-<n>.h5; 0: none.
  CheckpointWriter(RunPaths paths, std::int64_t keep) : paths_(std::move(paths)), keep_(keep) {}

  /// A checkpoint that was due at this step. With `keep` > 0 step-<n>.h5 is written first and latest.h5 becomes another
  /// name of the same file, so a kill in between costs nothing; then the oldest ones go.
  void save_regular(const Checkpoint& checkpoint);
  /// A checkpoint because the run is being stopped: latest.h5 only, so that the kept ones are those of an
  /// uninterrupted run.
  void save_stopped(const Checkpoint& checkpoint);
  void save_best(const Checkpoint& checkpoint);

 private:
  void remove_older_than(std::int64_t step) const;
  RunPaths paths_;
  std::int64_t keep_;
};

}  // namespace srwm
