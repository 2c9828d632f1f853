#include "run/signals.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string_view>

#include <fmt/core.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

namespace srwm {
namespace {

constexpr std::array<int, 9> stop_numbers{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGPWR};
constexpr std::array<std::string_view, stop_numbers.size()> stop_names{
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGPWR"};

constexpr std::array<int, 2> ignored_signals{SIGXFSZ, SIGPIPE};

constexpr std::int64_t usual_repeat_ns = 100'000'000;

// A handler has no argument of ours, so what it works on has to be global.
std::atomic<int> first_signal{0};
std::atomic<std::int64_t> first_time{0}, repeat_ns{usual_repeat_ns};
std::atomic<bool> terminal_line_open{false};
std::atomic<bool> installed{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free &&
              std::atomic<bool>::is_always_lock_free);

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Ends the process the way the signal does without a handler: the pending signal is delivered when the handler
/// returns.
void end_by(int signal) {
  if (terminal_line_open) static_cast<void>(!::write(STDERR_FILENO, "\n", 1));
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  ::raise(signal);
}

/// Whether a second signal means that a person, or a batch system, does not want to wait.
bool insists(int signal) {
  return signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}

/// Calls only what signal-safety(7) allows.
void on_signal(int signal) {
  const int saved_errno = errno;
  int none = 0;
  if (first_signal.compare_exchange_strong(none, signal)) {
    first_time = monotonic_ns();
  } else if (insists(signal) && (first_signal != signal || monotonic_ns() - first_time > repeat_ns)) {
    end_by(signal);
  }
  errno = saved_errno;
}

std::string_view name_of_signal(int number) {
  const auto found = std::ranges::find(stop_numbers, number);
  return found == stop_numbers.end() ? "" : stop_names[static_cast<std::size_t>(found - stop_numbers.begin())];
}

}  // namespace

std::span<const int> stop_signals() {
  return stop_numbers;
}

StopRequest::StopRequest(std::optional<double> max_seconds)
    : max_seconds_(max_seconds), start_(std::chrono::steady_clock::now()) {
  static_assert(handled == stop_numbers.size() + ignored_signals.size());
  SRWM_CHECK(!installed.exchange(true), "a StopRequest is alive already");
  first_signal = 0;
  repeat_ns = usual_repeat_ns;
  struct sigaction action {};
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  auto before = before_.begin();
  action.sa_handler = on_signal;
  for (const int signal : stop_numbers) {
    ::sigaction(signal, nullptr, &*before);
    if (before->sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
    ++before;
  }
  action.sa_handler = SIG_IGN;
  for (const int signal : ignored_signals) ::sigaction(signal, &action, &*before++);
}

StopRequest::~StopRequest() {
  auto before = before_.begin();
  for (const int signal : stop_numbers) ::sigaction(signal, &*before++, nullptr);
  for (const int signal : ignored_signals) ::sigaction(signal, &*before++, nullptr);
  installed = false;
}

bool StopRequest::requested() const {
  return first_signal != 0 || requested_elsewhere_ || time_is_up();
}

std::string StopRequest::reason() const {
  if (first_signal != 0) return std::string(name_of_signal(first_signal));
  if (requested_elsewhere_) {
    const std::scoped_lock lock(mutex_);
    return reason_elsewhere_;
  }
  return time_is_up() ? fmt::format("--max-seconds {:g}", *max_seconds_) : "";
}

void StopRequest::tolerate_repeats(double seconds) {
  repeat_ns = static_cast<std::int64_t>(1e9 * seconds);
}

void StopRequest::request(const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  if (reason_elsewhere_.empty()) reason_elsewhere_ = reason;
  requested_elsewhere_ = true;
}

bool StopRequest::time_is_up() const {
  return max_seconds_ && std::chrono::steady_clock::now() - start_ >= std::chrono::duration<double>(*max_seconds_);
}

void set_terminal_line_open(bool open) {
  terminal_line_open = open;
}

}  // namespace srwm
