// Several runs of this program at once, as processes of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace srwm {

struct Job {
  std::int64_t number;                 ///< how the caller knows it
  std::vector<std::string> arguments;  ///< of srwm
  std::filesystem::path output;        ///< the file that stdout and stderr are appended to
};

struct JobsEnd {
  std::vector<std::pair<std::int64_t, int>> failed;  ///< number and exit code (128 + signal), by number
  std::int64_t finished = 0;                         ///< that ended with 0
  int signal = 0;                                    ///< that asked this process to stop, or 0
};

/// Runs the jobs in order, at most `at_once` together; `ended(job, exit code)` is called as each ends. The
/// stop_signals() of run/signals.h, but for those that are ignored, are passed on to the jobs that are running; then no
/// further one starts, and those that end with 75 do not count as failed. If this process is killed, the jobs get
/// SIGTERM.
JobsEnd run_jobs(const std::vector<Job>& jobs, int at_once, const std::function<void(const Job&, int)>& ended);

/// Replaces this process by srwm with other arguments. DeviceError if the system refuses.
[[noreturn]] void become(std::vector<std::string> arguments);

}  // namespace srwm
