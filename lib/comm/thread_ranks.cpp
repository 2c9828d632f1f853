#include "comm/thread_ranks.h"

#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/host_name.h"
#include "core/threads.h"

namespace srwm {
namespace {

/// Where ranks leave what they send: a place for each pair, which the receiver empties.
class Mailboxes {
 public:
  explicit Mailboxes(int size) : size_(static_cast<std::size_t>(size)), boxes_(size_ * size_), ended_(size_, false) {}

  void put(std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    box(from, to) = {State::full, bytes};
    changed_.notify_all();
  }

  /// Waits for what `from` sends, copies it, and lets `from` go on.
  void take(std::size_t from, std::size_t to, std::span<std::byte> into) {
    std::unique_lock lock(mutex_);
    Box& place = box(from, to);
    wait(lock, from, [&] { return place.state == State::full; });
    SRWM_CHECK(place.bytes.size() == into.size(), "rank {} sends {} bytes to rank {}, which expects {}", from,
               place.bytes.size(), to, into.size());
    place.state = State::copied;
    lock.unlock();
    if (!into.empty()) std::memcpy(into.data(), place.bytes.data(), into.size());
    lock.lock();
    place.state = State::empty;
    changed_.notify_all();
  }

  void wait_until_taken(std::size_t from, std::size_t to) {
    std::unique_lock lock(mutex_);
    wait(lock, to, [&] { return box(from, to).state == State::empty; });
  }

  /// Takes back what `from` has sent and nobody has begun to copy: its memory may go afterwards.
  void take_back(std::size_t from) {
    std::unique_lock lock(mutex_);
    for (std::size_t to = 0; to < size_; ++to) {
      Box& place = box(from, to);
      changed_.wait(lock, [&] { return place.state != State::copied; });
      place.state = State::empty;
    }
  }

  void end(std::size_t rank, bool failed) {
    const std::scoped_lock lock(mutex_);
    ended_[rank] = true;
    if (failed && !failed_) failed_ = rank;
    changed_.notify_all();
  }

 private:
  enum class State { empty, full, copied };
  struct Box {
    State state = State::empty;
    std::span<const std::byte> bytes;
  };

  Box& box(std::size_t from, std::size_t to) { return boxes_[from * size_ + to]; }

  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, std::size_t other, const Condition& condition) {
    changed_.wait(lock, [&] { return condition() || ended_[other] || failed_; });
    if (condition() && !failed_) return;
    throw RankError("Rank {} has ended while others wait for it.", failed_.value_or(other));
  }

  std::size_t size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Box> boxes_;
  std::vector<bool> ended_;
  std::optional<std::size_t> failed_;  ///< the first one
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(int rank, int size, Mailboxes& mailboxes) : Ranks(rank, size), mailboxes_(mailboxes) {}
  std::string engine() const override { return "threads"; }
  std::string host(int) const override { return host_name(); }

 private:
  void exchange_impl(std::span<const std::span<const std::byte>> sends,
                     std::span<const std::span<std::byte>> receives) override {
    const auto here = static_cast<std::size_t>(rank());
    struct TakeBack {
      Mailboxes& mailboxes;
      std::size_t rank;
      ~TakeBack() { mailboxes.take_back(rank); }
    } const at_the_end{mailboxes_, here};
    for (std::size_t r = 0; r < sends.size(); ++r) {
      if (r != here && !sends[r].empty()) mailboxes_.put(here, r, sends[r]);
    }
    for (std::size_t r = 0; r < receives.size(); ++r) {
      if (r != here && !receives[r].empty()) mailboxes_.take(r, here, receives[r]);
    }
    for (std::size_t r = 0; r < sends.size(); ++r) {
      if (r != here && !sends[r].empty()) mailboxes_.wait_until_taken(here, r);
    }
  }

  Mailboxes& mailboxes_;
};

/// The error of one rank is why the others end.
bool is_consequence(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const RankError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void run_thread_ranks(int size, const std::function<void(Ranks&)>& work) {
  if (size == 1) return work(no_other_ranks());
  Mailboxes mailboxes(size);
  std::mutex mutex;
  std::exception_ptr cause, consequence;
  const auto run_rank = [&](int rank) {
    bool failed = false;
    try {
      ThreadRanks ranks(rank, size, mailboxes);
      work(ranks);
    } catch (...) {
      failed = true;
      const std::scoped_lock lock(mutex);
      std::exception_ptr& first = is_consequence(std::current_exception()) ? consequence : cause;
      if (!first) first = std::current_exception();
    }
    mailboxes.end(static_cast<std::size_t>(rank), failed);
  };
  std::vector<std::thread> threads;
  try {
    for (int rank = 1; rank < size; ++rank) threads.push_back(start_thread([&, rank] { run_rank(rank); }));
  } catch (...) {
    for (int rank = 0; rank < size; ++rank) mailboxes.end(static_cast<std::size_t>(rank), true);
    for (std::thread& thread : threads) thread.join();
    throw;
  }
  run_rank(0);
  for (std::thread& thread : threads) thread.join();
  if (cause) std::rethrow_exception(cause);
  if (consequence) std::rethrow_exception(consequence);
}

}  // namespace srwm
