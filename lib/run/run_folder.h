// The folder of one run: where its files are, and who may write to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/file_descriptor.h"

namespace srwm {

/// Names of the files of a run; a plain value, for readers (eval, report) as well as for the run itself.
struct RunPaths {
  std::filesystem::path root;

  std::filesystem::path spec() const { return root / "spec.json"; }
  std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
  /// One fixed name without a clock; TensorBoard takes every name that contains "tfevents".
  std::filesystem::path events() const { return root / "events.out.tfevents.srwm"; }
  std::filesystem::path log() const { return root / "log.txt"; }
  std::filesystem::path checkpoints() const { return root / "checkpoints"; }
  std::filesystem::path latest() const { return checkpoints() / "latest.h5"; }
  std::filesystem::path best() const { return checkpoints() / "best.h5"; }
  std::filesystem::path at_step(std::int64_t step) const;
  std::filesystem::path result() const { return root / "result.json"; }
  /// How each episode of the test went. Not there for tasks that do not tell.
  std::filesystem::path test_episodes() const { return root / "test_episodes.h5"; }
  /// Where the run found its datasets: one line, a folder. Not there if nobody named one.
  std::filesystem::path data_dir() const { return root / "data_dir"; }
  std::filesystem::path done() const { return root / "DONE"; }
  std::filesystem::path lock() const { return root / "lock"; }

  // Each of these throws DataError if the file system does not answer (io/file.h, is_there).
  /// The run has ended and its result is complete.
  bool is_done() const;
  /// There is a latest.h5 to go on from.
  bool has_checkpoint() const;
  /// At least one file of a run is there (the lock alone does not count, nor do files that are not ours).
  bool is_occupied() const;
  /// All files of a run that are there, its checkpoints included.
  std::vector<std::filesystem::path> existing() const;
  /// Text of spec.json, the resolved spec; DataError if it cannot be read.
  std::string read_spec() const;
  /// What write_data_dir stored, if that folder is still there; else empty.
  std::string read_data_dir() const;
};

/// "runs/<spec name>-s<seed>": where a run goes if --run-dir does not say otherwise.
std::filesystem::path default_run_folder(const std::string& spec_name, std::uint64_t seed);

/// A run folder opened for writing. Holds a lock for as long as it lives; the kernel releases it however the process
/// ends.
class RunFolder {
 public:
  /// Creates the folder, locks it, and creates checkpoints/ in it.
  /// Throws UsageError if the folder is in that of another run, or such folders are in it, and no run is there yet; if
  /// a file of it has been read as another run's or command's (io/file_use.h), as --config or --init-from; if another
  /// process holds the lock (named by pid and host), or if the folder is occupied and `resume` is false; WriteError, in
  /// words, if the folder cannot be made or written to. With `resume` an occupied folder is taken as it is: go on from
  /// latest.h5 where paths().has_checkpoint(), do nothing where paths().is_done(), else start.
  static RunFolder open(const std::filesystem::path& root, bool resume);

  const RunPaths& paths() const { return paths_; }
  /// False where the file system knows no locks: then two processes are not kept apart, and the caller should warn.
  bool locked() const { return locked_; }

  /// Stores where the datasets are, for evaluations; an empty text is not stored.
  void write_data_dir(const std::string& folder) const;
  /// Stores the resolved spec.
  void write_spec(const std::string& json) const;
  /// Removes DONE, if it is there: a run that had ended goes on.
  void mark_unfinished() const;
  /// Writes DONE. The last thing a run does, after result.json.
  void mark_done() const;

 private:
  static RunFolder open_writable(const std::filesystem::path& root, bool resume);
  RunFolder(RunPaths paths, FileDescriptor lock, bool locked);
  RunPaths paths_;
  FileDescriptor lock_;
  bool locked_;
};

}  // namespace srwm
