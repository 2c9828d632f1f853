// A child process that runs a function: for tests that kill, signal or limit a process.
#pragma once

#include <csignal>
#include <functional>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace srwm {

/// Runs `body` in a forked child that ends with its return value, or with 99 after an exception. Killed, if it still
/// runs, by the destructor.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    int code = 99;
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (waited_) return;
    send(SIGKILL);
    wait();
  }

  pid_t pid() const { return pid_; }
  void send(int signal) const { ::kill(pid_, signal); }

  /// Exit code, or minus the number of the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    waited_ = true;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  bool waited_ = false;
};

/// One byte from a child to its parent: "I am ready".
class ReadyPipe {
 public:
  ReadyPipe() {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe failed");
  }
  ReadyPipe(const ReadyPipe&) = delete;
  ReadyPipe& operator=(const ReadyPipe&) = delete;
  ~ReadyPipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  void set() const { static_cast<void>(!::write(ends_[1], "r", 1)); }
  bool wait() const {
    char byte = 0;
    return ::read(ends_[0], &byte, 1) == 1;
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace srwm
