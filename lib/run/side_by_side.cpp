#include "run/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/threads.h"

namespace srwm {
namespace {

struct Failure {
  std::exception_ptr error;
  bool stopped = false;
};

Failure failure_of(const std::function<void()>& work, std::string& message) {
  try {
    work();
    return {};
  } catch (const StoppedError& error) {
    message = error.what();
    return {std::current_exception(), true};
  } catch (const std::exception& error) {
    message = error.what();
    return {std::current_exception(), false};
  }
}

/// The one to tell the caller: real errors before stops.
std::exception_ptr worst(const std::vector<Failure>& failures) {
  std::exception_ptr stop;
  for (const Failure& failure : failures) {
    if (failure.error && !failure.stopped) return failure.error;
    if (failure.error && !stop) stop = failure.error;
  }
  return stop;
}

/// Calls `work` in `count` threads at once and waits for them. DeviceError, and no call, if one cannot be started.
void run_in_threads(std::size_t count, const std::function<void()>& work) {
  std::promise<bool> all_there;
  const std::shared_future<bool> begin = all_there.get_future().share();
  std::vector<std::thread> threads;
  const auto join_all = [&](bool is_complete) {
    all_there.set_value(is_complete);
    for (std::thread& thread : threads) thread.join();
  };
  try {
    for (std::size_t i = 0; i < count; ++i) {
      threads.push_back(start_thread([&] {
        if (begin.get()) work();
      }));
    }
  } catch (...) {
    join_all(false);
    throw;
  }
  join_all(true);
}

}  // namespace

void run_side_by_side(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work,
                      const std::function<void(std::size_t, const char*)>& failed) {
  std::atomic<std::size_t> next = 0;
  std::vector<Failure> failures(count);
  std::mutex failed_mutex;
  const auto work_on = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      std::string message;
      failures[i] = failure_of([&] { work(i); }, message);
      if (!failures[i].error) continue;
      const std::lock_guard lock(failed_mutex);
      failed(i, message.c_str());
    }
  };
  run_in_threads(std::min(count, at_once), work_on);
  if (const std::exception_ptr error = worst(failures)) std::rethrow_exception(error);
}

}  // namespace srwm
