// Threads that do the same work over and over: one pass over a fixed number of items.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace srwm::games {

/// A pass calls body(i) once for each i in [0, items), on the pool's threads and on the one that waits. The body must
/// not throw and must write only what belongs to i; which thread does which item differs from pass to pass.
class StepPool {
 public:
  /// threads 0: `wait` does all the work. DeviceError if a thread cannot be started.
  StepPool(int threads, int items, std::function<void(int)> body);
  /// Waits for a pass under way.
  ~StepPool();
  StepPool(const StepPool&) = delete;
  StepPool& operator=(const StepPool&) = delete;

  /// Begins a pass; waits for the one before it. What was written before is seen by every body.
  void start();
  /// Helps, and returns when no item is left. What the bodies wrote is seen afterwards.
  void wait();

 private:
  void end_threads();
  void work();
  void serve();

  const int items_, chunk_;
  std::function<void(int)> body_;
  std::atomic<std::uint32_t> pass_{0};  ///< number of passes begun
  std::atomic<int> next_;               ///< first item that nobody has taken; at least items_ between passes
  std::atomic<int> left_{0};            ///< items not done yet
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace srwm::games
