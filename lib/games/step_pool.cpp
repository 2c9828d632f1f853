#include "games/step_pool.h"

#include <algorithm>
#include <utility>

#include "core/threads.h"

namespace srwm::games {

StepPool::StepPool(int threads, int items, std::function<void(int)> body)
    : items_(items), chunk_(std::max(1, items / (4 * (threads + 1)))), body_(std::move(body)), next_(items) {
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) threads_.push_back(start_thread([this] { serve(); }));
  } catch (...) {
    end_threads();
    throw;
  }
}

StepPool::~StepPool() {
  wait();
  end_threads();
}

void StepPool::end_threads() {
  stop_.store(true);
  pass_.fetch_add(1);
  pass_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void StepPool::start() {
  wait();
  left_.store(items_, std::memory_order_relaxed);
  next_.store(0, std::memory_order_release);  // a thread still looking around may take items from here on
  pass_.fetch_add(1, std::memory_order_release);
  pass_.notify_all();
}

void StepPool::wait() {
  work();
  for (int left = left_.load(std::memory_order_acquire); left != 0; left = left_.load(std::memory_order_acquire)) {
    left_.wait(left, std::memory_order_acquire);
  }
}

void StepPool::work() {
  while (true) {
    const int begin = next_.fetch_add(chunk_, std::memory_order_acq_rel);
    if (begin >= items_) return;
    const int end = std::min(items_, begin + chunk_);
    for (int item = begin; item < end; ++item) body_(item);
    if (left_.fetch_sub(end - begin, std::memory_order_acq_rel) == end - begin) left_.notify_all();
  }
}

void StepPool::serve() {
  std::uint32_t seen = 0;
  while (true) {
    pass_.wait(seen, std::memory_order_acquire);
    seen = pass_.load(std::memory_order_acquire);
    if (stop_.load()) return;
    work();
  }
}

}  // namespace srwm::games
