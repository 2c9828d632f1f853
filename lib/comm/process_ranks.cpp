#include "comm/process_ranks.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "comm/process_check.h"
#include "comm/transfers.h"
#include "comm/watch_messages.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/host_name.h"
#include "core/threads.h"

namespace srwm {
namespace {

constexpr int data_tag = 0, control_tag = 1;

constexpr double seconds_between_looks = 0.05;
constexpr double most_seconds_between_signs = 0.5;
/// How long messages about the end may take.
constexpr double seconds_for_the_end = 2;
/// How long the ranks wait for each other before all have been heard of.
constexpr double seconds_for_the_start = 120;
/// After so long rank 0 says for whom the others wait.
constexpr double seconds_until_warning = 30;
/// A watcher that was not called for so long has been stopped itself, and knows nothing of the others.
constexpr double longest_look = 2;

template <std::size_t n>
void copy_text(const std::string& text, std::array<char, n>& to) {
  to.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), n - 1), to.begin());
}

ProcessIntroduction introduce_myself() {
  ProcessIntroduction self;
  copy_text(host_name(), self.host);
  copy_text(process_place(), self.place);
  self.pid = ::getpid();
  return self;
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace

/// The state that the thread of the rank and the one that watches share.
class ProcessRanks::Impl {
 public:
  Impl(const Launch& launch, ProcessOptions options) : options_(std::move(options)) {
    mpi_.library = load_mpi(launch);
    open(launch);
  }
  ~Impl() { end_watch(); }

  void introduce(const std::vector<Bytes>& introductions);
  void start_watch();
  void exchange(std::span<const std::span<const std::byte>> sends, std::span<const std::span<std::byte>> receives);
  struct Failure {
    int exit_code;
    std::string sentence;
    int lost_rank = -1;  ///< whose loss it is, the sentence being how it was lost
  };
  [[noreturn]] void fail(const Failure& failure);
  void set_quiet() { quiet_ = true; }
  void end_watch();
  void close_mpi() {
    const std::scoped_lock lock(mpi_.mutex);
    mpi_.library.table->close();
  }

  void set_phase(const char* phase, std::int64_t step) {
    const std::scoped_lock lock(mutex_);
    phase_ = phase;
    step_ = step;
    phase_start_ = Clock::now();
  }
  void set_way_on(std::string sentence) {
    const std::scoped_lock lock(mutex_);
    way_on_ = std::move(sentence);
  }

  int rank() const { return rank_; }
  int size() const { return size_; }
  std::string engine() const { return mpi_.library.version(); }
  std::string host(int rank) const { return peers_[static_cast<std::size_t>(rank)].self.host.data(); }
  int ranks_on_host() const;

 private:
  struct Peer {
    ProcessIntroduction self;
    Clock::time_point heard = Clock::now();
    WatchMessage last;                ///< sign of life
    WatchMessage incoming, outgoing;  ///< memory of the transfers
    std::optional<Transfers> receiving, sending;
    std::deque<WatchMessage> to_send;
  };

  void open(const Launch& launch);
  bool is_here(const Peer& peer) const { return std::strcmp(peer.self.place.data(), self().self.place.data()) == 0; }
  const Peer& self() const { return peers_[static_cast<std::size_t>(rank_)]; }
  int leader_of_host() const;
  void wait(Transfers& transfers);
  void warn_of_slow(int rank, double seconds);

  void watch();
  void note_own_pause();
  void listen(int rank);
  void take(int rank, const WatchMessage& message);
  void post(int rank, const WatchMessage& message) {
    peers_[static_cast<std::size_t>(rank)].to_send.push_back(message);
  }
  void pump(int rank);
  bool everything_sent();
  void send_signs();
  void pass_on_stop();
  void look_for_processes();
  void look_for_signs();
  [[noreturn]] void lose(int rank, const std::string& how);
  void look_for_own_failure();
  std::string sentence_about(int rank, const std::string& how);
  template <typename Body>
  void for_each_partner(const Body& body);
  [[noreturn]] void end_all(int exit_code);
  [[noreturn]] void wait_for_end(int exit_code, const std::string& sentence);

  ProcessOptions options_;
  Mpi mpi_;
  int rank_ = 0, size_ = 1;
  std::vector<Peer> peers_;

  std::mutex mutex_;  ///< of what follows
  const char* phase_ = "the start";
  std::int64_t step_ = 0;
  Clock::time_point phase_start_ = Clock::now();
  std::string way_on_;
  std::optional<Failure> failure_;

  std::thread watcher_;
  std::atomic<bool> watches_ = false, ends_ = false, quiet_ = false;
  // Of the thread that watches.
  Clock::time_point last_look_ = Clock::now(), last_sign_{};
  std::string stop_passed_on_;
};

void ProcessRanks::Impl::open(const Launch& launch) {
  int serialized = 0;
  const int code = mpi_.library.table->open(&rank_, &size_, &serialized);
  if (code != 0) {
    throw DeviceError("{} does not start: {}. Rerun the job; if this stays so, ask those who look after the cluster.",
                      mpi_.library.path, mpi_.library.error_text(code));
  }
  if (size_ != launch.ranks) {
    throw DeviceError(
        "{} started {} ranks, but {} ({}) knows of {}: it is another MPI than the launcher's. Name a plug-in for that "
        "in SRWM_MPI, or start the program with the launcher of the other MPI; with Slurm, srun --mpi=pmix.",
        launch.launcher, launch.ranks, mpi_.library.version(), mpi_.library.path, size_);
  }
  if (serialized == 0) {
    throw DeviceError("{} is built without threads, but srwm calls it from two. Use an MPI with MPI_THREAD_SERIALIZED.",
                      mpi_.library.version());
  }
  peers_ = std::vector<Peer>(static_cast<std::size_t>(size_));
  peers_[static_cast<std::size_t>(rank_)].self = introduce_myself();
}

void ProcessRanks::Impl::introduce(const std::vector<Bytes>& introductions) {
  for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
    std::memcpy(&peers_[rank].self, introductions[rank].data(), sizeof(ProcessIntroduction));
  }
}

int ProcessRanks::Impl::ranks_on_host() const {
  int count = 0;
  for (int rank = 0; rank < size_; ++rank) count += host(rank) == host(rank_) ? 1 : 0;
  return count;
}

void ProcessRanks::Impl::exchange(std::span<const std::span<const std::byte>> sends,
                                  std::span<const std::span<std::byte>> receives) {
  Transfers transfers(mpi_);
  for (int rank = 0; rank < size_; ++rank) {
    if (rank != rank_) transfers.receive(rank, data_tag, receives[static_cast<std::size_t>(rank)]);
  }
  for (int rank = 0; rank < size_; ++rank) {
    if (rank != rank_) transfers.send(rank, data_tag, sends[static_cast<std::size_t>(rank)]);
  }
  wait(transfers);
}

/// While the other thread watches, it ends the process if a rank is lost.
void ProcessRanks::Impl::wait(Transfers& transfers) {
  const auto start = Clock::now();
  bool warned = false;
  for (int round = 0; !transfers.done(); ++round) {
    const double waited = seconds_since(start);
    if (transfers.failed() >= 0) {
      // The process that is gone may be looked for better than by MPI: a moment for the thread that watches.
      sleep_for(10 * seconds_between_looks);
      fail({.exit_code = static_cast<int>(ExitCode::rank_lost),
            .sentence = fmt::format("cannot be reached ({})", transfers.why()),
            .lost_rank = transfers.failed()});
    }
    if (!watches_ && waited > seconds_for_the_start) {
      throw DeviceError(
          "Rank {} has not answered within {:.0f} s of the start. Is a firewall between the machines, or does MPI use "
          "a "
          "network interface that does not connect them (docs/clusters.md)?",
          transfers.missing(), seconds_for_the_start);
    }
    if (quiet_ && waited > options_.timeout) {
      throw RankError("Rank {} has ended while others wait for it.", transfers.missing());
    }
    if (!warned && watches_ && rank_ == 0 && waited > seconds_until_warning) {
      warned = true;
      warn_of_slow(transfers.missing(), waited);
    }
    if (round > 20) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void ProcessRanks::Impl::warn_of_slow(int rank, double seconds) {
  const std::scoped_lock lock(mutex_);
  const WatchMessage& last = peers_[static_cast<std::size_t>(rank)].last;
  options_.warn(fmt::format("Rank {} on {} has been in {} of step {} for {:.0f} s; the others have waited {:.0f} s.",
                            rank, host(rank), last.phase.data(), last.step + 1, last.seconds, seconds));
}

void ProcessRanks::Impl::start_watch() {
  watches_ = true;
  last_look_ = Clock::now();
  for (Peer& peer : peers_) peer.heard = last_look_;
  sigset_t all, before;  // signals are for the thread of the rank
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  watcher_ = start_thread([this] { watch(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ProcessRanks::Impl::end_watch() {
  ends_ = true;
  if (watcher_.joinable()) watcher_.join();
  watches_ = false;
}

/// Calls body(rank) for those with whom this rank exchanges messages: rank 0 with all, the others with rank 0.
template <typename Body>
void ProcessRanks::Impl::for_each_partner(const Body& body) {
  if (rank_ != 0) return body(0);
  for (int rank = 1; rank < size_; ++rank) body(rank);
}

void ProcessRanks::Impl::watch() {
  while (!ends_) {
    note_own_pause();
    for_each_partner([&](int rank) { listen(rank); });
    look_for_own_failure();
    pass_on_stop();
    send_signs();
    for_each_partner([&](int rank) { pump(rank); });
    if (!quiet_) {
      look_for_processes();
      look_for_signs();
    }
    sleep_for(seconds_between_looks);
  }
  for (Peer& peer : peers_) {
    peer.receiving.reset();
    peer.sending.reset();
  }
}

/// Whoever was stopped (SIGSTOP, a suspended job) has heard nothing meanwhile, which says nothing about the others.
void ProcessRanks::Impl::note_own_pause() {
  const auto now = Clock::now();
  if (std::chrono::duration<double>(now - last_look_).count() > longest_look) {
    for (Peer& peer : peers_) peer.heard += now - last_look_;
  }
  last_look_ = now;
}

void ProcessRanks::Impl::listen(int rank) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  while (true) {
    if (!peer.receiving) {
      peer.receiving.emplace(mpi_);
      peer.receiving->receive(rank, control_tag, std::as_writable_bytes(std::span(&peer.incoming, 1)));
    }
    if (!peer.receiving->done()) return;
    const WatchMessage message = peer.incoming;
    peer.receiving.reset();
    peer.heard = Clock::now();
    take(rank, message);
  }
}

void ProcessRanks::Impl::take(int rank, const WatchMessage& message) {
  const std::string text = message.text.data();
  switch (message.kind) {
    case WatchMessage::Kind::alive: {
      const std::scoped_lock lock(mutex_);
      peers_[static_cast<std::size_t>(rank)].last = message;
      return;
    }
    case WatchMessage::Kind::stop:
      options_.on_stop(text);  // rank 0 then has a reason of its own, which it passes on
      return;
    case WatchMessage::Kind::failed:
      options_.say(fmt::format("Rank {} on {}: {}", rank, host(rank), text));
      end_all(message.code);
    case WatchMessage::Kind::lost:
      options_.say(sentence_about(message.code, text));
      end_all(static_cast<int>(ExitCode::rank_lost));
    case WatchMessage::Kind::end:
      ::_exit(message.code);
  }
}

void ProcessRanks::Impl::pump(int rank) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (peer.sending && !peer.sending->done()) return;
  peer.sending.reset();
  if (peer.to_send.empty()) return;
  peer.outgoing = peer.to_send.front();
  peer.to_send.pop_front();
  peer.sending.emplace(mpi_);
  peer.sending->send(rank, control_tag, std::as_bytes(std::span(&peer.outgoing, 1)));
}

bool ProcessRanks::Impl::everything_sent() {
  bool all = true;
  for_each_partner([&](int rank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    all = all && !peer.sending && peer.to_send.empty();
  });
  return all;
}

void ProcessRanks::Impl::send_signs() {
  if (seconds_since(last_sign_) < std::min(most_seconds_between_signs, options_.timeout / 4)) return;
  last_sign_ = Clock::now();
  WatchMessage sign;
  {
    const std::scoped_lock lock(mutex_);
    copy_text(phase_, sign.phase);
    sign.step = step_;
    sign.seconds = seconds_since(phase_start_);
  }
  for_each_partner([&](int rank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    if (peer.to_send.empty() && !peer.sending) post(rank, sign);
  });
}

void ProcessRanks::Impl::pass_on_stop() {
  if (!stop_passed_on_.empty()) return;
  stop_passed_on_ = options_.stop_reason();
  if (stop_passed_on_.empty()) return;
  WatchMessage message{.kind = WatchMessage::Kind::stop};
  copy_text(stop_passed_on_, message.text);
  for_each_partner([&](int rank) { post(rank, message); });
}

int ProcessRanks::Impl::leader_of_host() const {
  const auto leader = std::ranges::find_if(peers_, [&](const Peer& peer) { return is_here(peer); });
  return static_cast<int>(leader - peers_.begin());
}

void ProcessRanks::Impl::look_for_processes() {
  const int leader = leader_of_host();
  for (int rank = 0; rank < size_; ++rank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    const bool is_mine = rank != rank_ && is_here(peer) && (rank_ == leader || rank == leader);
    if (is_mine && is_gone(peer.self.pid)) return lose(rank, fmt::format("(process {}) is gone", peer.self.pid));
  }
}

void ProcessRanks::Impl::look_for_signs() {
  for_each_partner([&](int rank) {
    const double silence = seconds_since(peers_[static_cast<std::size_t>(rank)].heard);
    if (silence <= options_.timeout) return;
    lose(rank, fmt::format("has not been heard of for {:.0f} s", silence));
  });
}

std::string ProcessRanks::Impl::sentence_about(int rank, const std::string& how) {
  const std::scoped_lock lock(mutex_);
  const WatchMessage& last = peers_[static_cast<std::size_t>(rank)].last;
  const bool is_known = last.phase[0] != '\0';
  return fmt::format("Rank {} on {} {}; it was in {} of step {}. The run ends here. {}", rank, host(rank), how,
                     is_known ? last.phase.data() : phase_, (is_known ? last.step : step_) + 1, way_on_);
}

void ProcessRanks::Impl::lose(int rank, const std::string& how) {
  const int exit_code = static_cast<int>(ExitCode::rank_lost);
  const std::string sentence = sentence_about(rank, how);
  if (rank_ == 0) {
    options_.say(sentence);
    end_all(exit_code);
  }
  if (rank != 0) {
    WatchMessage message{.kind = WatchMessage::Kind::lost, .code = rank};
    copy_text(how, message.text);
    post(0, message);
    wait_for_end(exit_code, sentence);
  }
  if (rank_ == 1) {
    options_.say(sentence);
  } else {
    sleep_for(10 * seconds_between_looks);  // rank 1 says it
  }
  ::_exit(exit_code);
}

/// Tells all to end; they are as good as gone after a while.
void ProcessRanks::Impl::end_all(int exit_code) {
  const WatchMessage message{.kind = WatchMessage::Kind::end, .code = exit_code};
  for_each_partner([&](int rank) { post(rank, message); });
  for (const auto start = Clock::now(); !everything_sent() && seconds_since(start) < seconds_for_the_end / 2;) {
    for_each_partner([&](int rank) { pump(rank); });
    sleep_for(seconds_between_looks / 10);
  }
  sleep_for(2 * seconds_between_looks);  // what was sent arrives only while this process is there
  ::_exit(exit_code);
}

/// Until rank 0 has said why the run ends; if it does not, this rank does.
void ProcessRanks::Impl::wait_for_end(int exit_code, const std::string& sentence) {
  for (const auto start = Clock::now(); seconds_since(start) < seconds_for_the_end;) {
    pump(0);
    listen(0);  // ends the process with the message
    sleep_for(seconds_between_looks / 10);
  }
  options_.say(sentence);
  ::_exit(exit_code);
}

void ProcessRanks::Impl::look_for_own_failure() {
  std::optional<Failure> failure;
  {
    const std::scoped_lock lock(mutex_);
    failure = failure_;
  }
  if (!failure) return;
  if (failure->lost_rank >= 0) return lose(failure->lost_rank, failure->sentence);
  if (rank_ == 0) {
    options_.say(failure->sentence);
    end_all(failure->exit_code);
  }
  WatchMessage message{.kind = WatchMessage::Kind::failed, .code = failure->exit_code};
  copy_text(failure->sentence, message.text);
  post(0, message);
  wait_for_end(failure->exit_code, failure->sentence);
}

/// The thread that watches says it, since it alone exchanges messages.
void ProcessRanks::Impl::fail(const Failure& failure) {
  if (!watches_) {
    options_.say(failure.sentence);
    ::_exit(failure.exit_code);
  }
  {
    const std::scoped_lock lock(mutex_);
    failure_ = failure;
  }
  while (true) ::pause();
}

ProcessRanks::ProcessRanks(std::unique_ptr<Impl> impl) : Ranks(impl->rank(), impl->size()), impl_(std::move(impl)) {}

ProcessRanks::~ProcessRanks() = default;

std::unique_ptr<ProcessRanks> ProcessRanks::join(const Launch& launch, ProcessOptions options) {
  std::unique_ptr<ProcessRanks> ranks(new ProcessRanks(std::make_unique<Impl>(launch, std::move(options))));
  const ProcessIntroduction self = introduce_myself();
  ranks->impl_->introduce(ranks->all_gather(std::as_bytes(std::span(&self, 1))));
  ranks->impl_->start_watch();
  return ranks;
}

std::string ProcessRanks::engine() const {
  return impl_->engine();
}

std::string ProcessRanks::host(int rank) const {
  return impl_->host(rank);
}

void ProcessRanks::set_phase(const char* phase, std::int64_t step) {
  impl_->set_phase(phase, step);
}

void ProcessRanks::set_way_on(std::string sentence) {
  impl_->set_way_on(std::move(sentence));
}

int ProcessRanks::ranks_on_host() const {
  return impl_->ranks_on_host();
}

void ProcessRanks::fail(int exit_code, const std::string& sentence) {
  impl_->fail({exit_code, sentence});
}

void ProcessRanks::close() {
  barrier();           // all have come to their end,
  impl_->set_quiet();  // so nobody is missed from here on,
  barrier();           // which all know before the first one goes
  impl_->end_watch();
  impl_->close_mpi();
}

void ProcessRanks::exchange_impl(std::span<const std::span<const std::byte>> sends,
                                 std::span<const std::span<std::byte>> receives) {
  impl_->exchange(sends, receives);
}

}  // namespace srwm
