// Threads of a block as fibers: stacks that one operating-system thread switches between.
#pragma once

#include <cstddef>

namespace srwm::emulator {

/// A function with its stack. `resume` runs it until it calls `suspend` or returns.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Sets what the next `resume` begins to run.
  void start(void (*function)(void*), void* argument);
  /// Runs until the function suspends itself or returns; false once it has returned.
  bool resume();
  /// Called by the running function: goes back to the caller of `resume`.
  void suspend();

 private:
  static void enter(Fiber* self);

  void* stack_ = nullptr;
  void* stack_pointer_ = nullptr;   ///< of the fiber while it is suspended
  void* caller_pointer_ = nullptr;  ///< of the caller while the fiber runs
  void* sanitizer_fiber_ = nullptr;
  void* sanitizer_caller_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
  void (*function_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool running_ = false;
};

}  // namespace srwm::emulator
