// Several may act with an agent at once, and one may change it.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace srwm {

/// A lock for readers and a writer in which the writer does not have to wait for a moment without readers: those who
/// come after it wait behind it.
class AgentLock {
 public:
  template <typename Work>
  void read(const Work& work) {
    std::unique_lock turn(turnstile_);
    const std::shared_lock lock(mutex_);
    turn.unlock();
    work();
  }
  template <typename Work>
  void write(const Work& work) {
    const std::scoped_lock turn(turnstile_);
    const std::unique_lock lock(mutex_);
    work();
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

}  // namespace srwm
