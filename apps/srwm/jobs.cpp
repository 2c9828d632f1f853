#include "srwm/jobs.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"
#include "io/file_descriptor.h"
#include "run/signals.h"

namespace srwm {
namespace {

std::filesystem::path own_program() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

/// The form that exec takes; points into `words`.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Blocks the signals that run_jobs waits for, until it goes.
class WaitedSignals {
 public:
  WaitedSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGCHLD);
    for (const int signal : stop_signals()) {
      if (!is_ignored(signal)) sigaddset(&set_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~WaitedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WaitedSignals(const WaitedSignals&) = delete;
  WaitedSignals& operator=(const WaitedSignals&) = delete;

  int wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t set_{}, before_{};
};

/// Starts a job in a process group of its own, so that a Ctrl-C at the terminal reaches it once, through us.
pid_t start(const Job& job, const sigset_t& signal_mask) {
  std::vector<std::string> words{own_program().string()};
  words.insert(words.end(), job.arguments.begin(), job.arguments.end());
  const std::vector<char*> arguments = pointers_to(words);
  make_directories(job.output.parent_path());
  const FileDescriptor output(::open(job.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!output.valid()) throw DataError("Cannot write {}: {}.", job.output.string(), explain_errno(errno));
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) throw DeviceError("No process can be started: {}.", explain_errno(errno));
  if (pid > 0) return pid;
  ::setpgid(0, 0);
  // Where this process is killed, its jobs write their checkpoints and end: nobody else would tell them.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(128 + SIGTERM);
  pthread_sigmask(SIG_SETMASK, &signal_mask, nullptr);
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(static_cast<int>(ExitCode::device));
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

JobsEnd run_jobs(const std::vector<Job>& jobs, int at_once, const std::function<void(const Job&, int)>& ended) {
  const WaitedSignals signals;
  std::map<pid_t, const Job*> running;
  JobsEnd end;
  auto next = jobs.begin();
  const auto reap = [&] {
    for (int status = 0; const pid_t pid = ::waitpid(-1, &status, WNOHANG);) {
      if (pid < 0) break;
      const Job& job = *running.at(pid);
      running.erase(pid);
      const int code = exit_code_of(status);
      if (code == 0) ++end.finished;
      // The signal ends a task by itself before the task has its handlers.
      const bool was_stopped =
          end.signal != 0 && (code == static_cast<int>(ExitCode::stopped) || code == 128 + end.signal);
      if (code != 0 && !was_stopped) end.failed.emplace_back(job.number, code);
      ended(job, code);
    }
  };
  while (true) {
    while (end.signal == 0 && next != jobs.end() && running.size() < static_cast<std::size_t>(at_once)) {
      running.emplace(start(*next, signals.before()), &*next);
      ++next;
    }
    if (running.empty()) break;
    const int signal = signals.wait();
    if (signal == SIGCHLD) {
      reap();
      continue;
    }
    end.signal = signal;
    for (const auto& [pid, job] : running) ::kill(pid, signal);
  }
  std::ranges::sort(end.failed);
  return end;
}

void become(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), own_program().string());
  ::execv(arguments[0].c_str(), pointers_to(arguments).data());
  throw DeviceError("No process can be started: {}.", explain_errno(errno));
}

}  // namespace srwm
