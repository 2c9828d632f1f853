// Requests to stop a run: signals and a time limit, polled by the loop.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <optional>
#include <span>
#include <string>

namespace srwm {

/// The signals that ask a run to stop: SIGHUP (the terminal or connection is gone), SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
/// SIGUSR2, SIGALRM, SIGXCPU (the limit on CPU time) and SIGPWR (the power fails).
std::span<const int> stop_signals();

/// While it lives, the stop_signals() do not end the process but set a flag; the loop polls `requested()`, writes a
/// checkpoint and returns. A signal that was ignored before stays ignored: nohup(1), background jobs of a shell script.
/// After the first signal, a SIGINT, SIGQUIT or SIGTERM ends the process at once, as if there were no handler; the
/// others, which the system may send again and again, do not. The same signal again within a tenth of a second counts
/// as one, since timeout(1) and batch systems send it to the process and to its group. SIGXFSZ and SIGPIPE are ignored:
/// a file-size limit becomes an error message, and a run outlives a pipe that showed its output. The handlers that were
/// there before come back with the destructor. One at a time per process.
class StopRequest {
 public:
  /// `max_seconds` counts from now; absent: no limit.
  explicit StopRequest(std::optional<double> max_seconds = std::nullopt);
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// A signal has come or the time is up. Cheap enough for every step.
  bool requested() const;
  /// "SIGTERM" or "--max-seconds 600"; empty if nothing is requested.
  std::string reason() const;
  /// The same signal again within so many seconds counts as one from now on: launchers of ranks and batch systems both
  /// send theirs.
  void tolerate_repeats(double seconds);
  /// Requests it from outside the loop, as another rank does; the first reason counts. From any thread.
  void request(const std::string& reason);

 private:
  bool time_is_up() const;

  static constexpr std::size_t handled = 11;
  std::optional<double> max_seconds_;
  std::chrono::steady_clock::time_point start_;
  std::array<struct sigaction, handled> before_{};
  std::atomic<bool> requested_elsewhere_ = false;
  mutable std::mutex mutex_;
  std::string reason_elsewhere_;
};

/// Tells the handler that stderr shows a line without an end (a progress bar), so that it ends the line before a second
/// signal ends the process.
void set_terminal_line_open(bool open);

}  // namespace srwm
