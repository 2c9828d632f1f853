// Runs a program as a user would, with arguments, environment and working folder, and catches what it prints.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/temp_dir.h"

namespace srwm::test {

struct RunOptions {
  std::filesystem::path folder;                    ///< working folder; empty: the test's own
  std::map<std::string, std::string> environment;  ///< added to, or put in place of, the test's own variables
  std::string input;                               ///< what the program reads from stdin
  std::chrono::milliseconds timeout{60000};        ///< after this long it is killed, children included
};

struct RunResult {
  int exit_code = -1;      ///< -1 if a signal ended it
  int signal = 0;          ///< the signal that ended it, or 0
  bool timed_out = false;  ///< it was killed for running longer than its timeout
  std::string out;         ///< all of stdout
  std::string err;         ///< all of stderr
};

/// A program that is running; for tests that signal it. Killed, if still running, when the object goes.
class Process {
 public:
  /// Starts `program`; throws std::system_error if that fails.
  Process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
          const RunOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Sends a signal to the program alone, as `kill` does.
  void send(int signal) const;
  /// Whether it has not ended yet.
  bool running();
  /// Waits until stdout holds `text`, so that a signal finds the program where the test wants it. False if the program
  /// ended, or its time ran out, without printing it.
  bool wait_for_output(const std::string& text);
  /// Waits for its end, at most until the timeout, counted from its start.
  RunResult wait();
  /// What it has printed to stdout and stderr so far.
  std::string out() const;
  std::string err() const;

 private:
  TempDir streams_;  ///< files "in", "out" and "err": unlike pipes they never fill up
  std::chrono::steady_clock::time_point deadline_;
  pid_t pid_ = -1;
  std::optional<int> status_;  ///< as waitpid() gives it, once the program has ended
};

/// Runs `program` to its end.
RunResult run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                      const RunOptions& options = {});

/// Runs the srwm binary of this build to its end.
RunResult run_srwm(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// The same as a user who may have one process and no further thread (prlimit --nproc=1).
RunResult run_without_threads(const std::vector<std::string>& arguments, const RunOptions& options = {});
/// Whether this machine has the programs that it takes.
bool can_run_without_threads();

/// The srwm binary of this build.
std::filesystem::path srwm_binary();

}  // namespace srwm::test
