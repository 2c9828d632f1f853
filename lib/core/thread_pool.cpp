#include "core/thread_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/threads.h"

namespace srwm::pool {
namespace {

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free, "the kernel waits on plain words");

/// Sleeps while `word` is `value`; may return early.
void sleep_while(Word& word, std::uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake(Word* word, int threads) {
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Long enough for the next loop of a step to come, short enough for others not to notice. Waking a thread that sleeps
/// takes the system 5 to 50 microseconds.
constexpr std::chrono::microseconds spin_time{20};

/// Waits a short while for `done`, without sleeping.
template <typename Done>
bool spin_until(const Done& done) {
  for (int i = 0; i < 64; ++i) {
    if (done()) return true;
    pause();
  }
  const auto end = std::chrono::steady_clock::now() + spin_time;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

constexpr int most_shares = 64;
/// Ranges that a share is taken in: what a late thread can hold is an eighth of a share.
constexpr std::int64_t ranges_of_a_share = 8;

/// A piece of [0, n), handed out from its front.
struct alignas(64) Share {
  std::atomic<std::int64_t> next;
  std::int64_t end, range;
};

/// A loop that is being run. Lives on the stack of the thread that called run().
struct Loop {
  Part part;
  const void* body;
  int team;
  int shares;
  int joined = 1;               ///< threads that ever worked on it, the caller included; guarded by the pool's mutex
  alignas(64) Word helpers{0};  ///< threads of the pool that work on it now, and `caller_sleeps`
  std::array<Share, most_shares> share;

  static constexpr std::uint32_t caller_sleeps = 1U << 31U;

  Loop(int members, std::int64_t n, Part of_loop, const void* argument)
      : part(of_loop), body(argument), team(members), shares(std::min(members, most_shares)) {
    for (int i = 0; i < shares; ++i) {
      const std::int64_t begin = n * i / shares, end = n * (i + 1) / shares;
      share[static_cast<std::size_t>(i)].next.store(begin, std::memory_order_relaxed);
      share[static_cast<std::size_t>(i)].end = end;
      share[static_cast<std::size_t>(i)].range = std::max<std::int64_t>(1, (end - begin) / ranges_of_a_share);
    }
  }

  /// Works until nothing is left to take, from share `number` on.
  void work(int number) {
    for (int i = 0; i < shares; ++i) {
      Share& from = share[static_cast<std::size_t>((number + i) % shares)];
      for (;;) {
        if (from.next.load(std::memory_order_relaxed) >= from.end) break;
        const std::int64_t begin = from.next.fetch_add(from.range, std::memory_order_relaxed);
        if (begin >= from.end) break;
        part(body, begin, std::min(begin + from.range, from.end));
      }
    }
  }

  bool has_work() const {
    return std::any_of(share.begin(), share.begin() + shares,
                       [](const Share& from) { return from.next.load(std::memory_order_relaxed) < from.end; });
  }
};

thread_local int number_here = 0;
thread_local bool is_in_loop = false;

/// Marks the calling thread as member `number` of a loop while it lives.
class Membership {
 public:
  explicit Membership(int number) {
    number_here = number;
    is_in_loop = true;
  }
  ~Membership() {
    number_here = 0;
    is_in_loop = false;
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
};

class Pool {
 public:
  void run(Loop& loop) {
    publish(loop);
    {
      const Membership membership(0);
      loop.work(0);
    }
    withdraw(loop);
    wait_for_helpers(loop);
  }

 private:
  void publish(Loop& loop) {
    {
      const std::lock_guard lock(mutex_);
      grow(loop.team - 1);
      loops_.push_back(&loop);
    }
    news_.fetch_add(1);
    const int sleeping = sleepers_.load();
    if (sleeping > 0) wake(&news_, std::min(sleeping, loop.team - 1));
  }

  /// After it no thread joins the loop any more.
  void withdraw(Loop& loop) {
    const std::lock_guard lock(mutex_);
    std::erase(loops_, &loop);
  }

  void wait_for_helpers(Loop& loop) {
    const auto is_done = [&] { return loop.helpers.load(std::memory_order_acquire) == 0; };
    if (is_done() || (may_spin() && spin_until(is_done))) return;
    std::uint32_t seen = loop.helpers.fetch_or(Loop::caller_sleeps) | Loop::caller_sleeps;
    while (seen != Loop::caller_sleeps) {
      sleep_while(loop.helpers, seen);
      seen = loop.helpers.load(std::memory_order_acquire);
    }
  }

  /// Threads beyond the processors only take turns; those that wait must not take a turn.
  bool may_spin() const { return threads_.load(std::memory_order_relaxed) < processors_; }

  void grow(int threads) {
    while (threads_ < threads) {
      add_thread();
      ++threads_;
    }
    loops_.reserve(64);
  }

  /// Its threads live as long as the process, and leave signals to the others.
  void add_thread() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct Restore {
      const sigset_t& mask;
      ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } const restore{before};
    srwm::start_thread([this] { serve(); }).detach();
  }

  void serve() {
    for (;;) {
      const std::uint32_t seen = news_.load();
      int number = 0;
      if (Loop* loop = join(number)) {
        {
          const Membership membership(number);
          loop->work(number);
        }
        leave(*loop);
      } else {
        wait_for_news(seen);
      }
    }
  }

  /// A loop with room for one more thread and something left to do.
  Loop* join(int& number) {
    const std::lock_guard lock(mutex_);
    for (Loop* loop : loops_) {
      if (loop->joined == loop->team || !loop->has_work()) continue;
      number = loop->joined++;
      loop->helpers.fetch_add(1, std::memory_order_relaxed);
      return loop;
    }
    return nullptr;
  }

  /// The loop may be gone as soon as its count is 0: only its address is used after that.
  static void leave(Loop& loop) {
    Word* const word = &loop.helpers;
    if (word->fetch_sub(1, std::memory_order_acq_rel) == (Loop::caller_sleeps | 1U)) wake(word, 1);
  }

  void wait_for_news(std::uint32_t seen) {
    if (may_spin() && spin_until([&] { return news_.load(std::memory_order_relaxed) != seen; })) return;
    sleepers_.fetch_add(1);
    if (news_.load() == seen) sleep_while(news_, seen);
    sleepers_.fetch_sub(1);
  }

  const int processors_ = usable_processors();
  std::mutex mutex_;
  std::vector<Loop*> loops_;
  std::atomic<int> threads_{0};
  alignas(64) Word news_{0};  ///< counts the loops that were published
  alignas(64) std::atomic<int> sleepers_{0};
};

/// Never destroyed: its threads may be waiting when the process ends.
Pool& the_pool() {
  static Pool& pool = *new Pool;
  return pool;
}

}  // namespace

void run(int team, std::int64_t n, Part part, const void* body) {
  if (n <= 0) return;
  if (team <= 1 || n == 1 || is_in_loop) {
    part(body, 0, n);
    return;
  }
  Loop loop(static_cast<int>(std::min<std::int64_t>(team, n)), n, part, body);
  the_pool().run(loop);
}

int thread_number() {
  return number_here;
}

}  // namespace srwm::pool
