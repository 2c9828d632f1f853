#include "tasks/rl/unroll_queue.h"

#include <chrono>

namespace srwm {

std::optional<std::int64_t> UnrollQueue::room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || head_ + group_ - tail_ <= rows_; });
  return closed_ ? std::nullopt : std::optional(head_);
}

void UnrollQueue::written() {
  const std::scoped_lock lock(mutex_);
  head_ += group_;
  changed_.notify_all();
}

UnrollQueue::Wait UnrollQueue::wait_for_batch(const std::function<bool()>& keep_going) {
  constexpr std::chrono::milliseconds between_questions(100);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, between_questions, [&] { return closed_ || head_ - tail_ >= batch_; })) {
    if (!keep_going()) return Wait::ended;
  }
  return closed_ ? Wait::closed : Wait::arrived;
}

void UnrollQueue::read() {
  const std::scoped_lock lock(mutex_);
  tail_ += batch_;
  changed_.notify_all();
}

bool UnrollQueue::has_batch() const {
  const std::scoped_lock lock(mutex_);
  return head_ - tail_ >= batch_;
}

void UnrollQueue::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void UnrollQueue::continue_from(std::int64_t head, std::int64_t tail) {
  const std::scoped_lock lock(mutex_);
  head_ = head;
  tail_ = tail;
}

}  // namespace srwm
