#include "rl/unroll_queue.h"

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

std::optional<std::int64_t> UnrollQueue::batch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || head_ - tail_ >= batch_; });
  return closed_ ? std::nullopt : std::optional(tail_);
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

void UnrollQueue::go_on_from(std::int64_t head, std::int64_t tail) {
  const std::scoped_lock lock(mutex_);
  head_ = head;
  tail_ = tail;
}

}  // namespace srwm
