// The ranks of a run: threads or processes that share the passes of each optimizer step. They only move bytes to each
// other; whatever is added up is added up by us, in an order that does not depend on their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace srwm {

using Bytes = std::vector<std::byte>;

/// One rank's view of all. The functions that exchange are called by all ranks in the same order, each by one thread.
/// Whoever waits for a rank that does not come any more does not wait for ever: in threads of one process RankError
/// leaves here, processes end (comm/process_ranks.h).
class Ranks {
 public:
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }
  bool is_alone() const { return size_ == 1; }

  /// What carries the bytes: "none", "threads", "Open MPI v4.1.4".
  virtual std::string engine() const = 0;
  /// Where a rank runs.
  virtual std::string host(int rank) const = 0;

  /// Sends sends[r] to every other rank r and fills receives[r] with what r sends here, whose size must be that of
  /// receives[r]. Both have an element for each rank; that for this one is left out.
  void exchange(std::span<const std::span<const std::byte>> sends, std::span<const std::span<std::byte>> receives);

  /// Gives every rank the slices of all: slices[r], in the same memory layout everywhere, is filled from rank r.
  void share_slices(std::span<const std::span<std::byte>> slices);

  /// What every rank gave, by rank.
  std::vector<Bytes> all_gather(std::span<const std::byte> mine);
  /// The same for rank 0 alone; the others get nothing.
  std::vector<Bytes> gather(std::span<const std::byte> mine);
  /// Everybody's `bytes` become those of rank 0.
  void broadcast(Bytes& bytes);
  /// Waits until all ranks are here.
  void barrier();

  /// What this rank does from here on, for the messages of those that wait for it: "the passes", step 12. `phase` must
  /// stay valid.
  virtual void set_phase(const char* phase, std::int64_t step);
  /// How to go on if a rank is lost, as a sentence or two.
  virtual void set_way_on(std::string sentence);

  /// Seconds spent in exchanges so far, waiting for others included.
  double seconds() const { return seconds_; }
  /// Bytes that this rank has sent in them.
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 protected:
  Ranks(int rank, int size) : rank_(rank), size_(size) {}

 private:
  virtual void exchange_impl(std::span<const std::span<const std::byte>> sends,
                             std::span<const std::span<std::byte>> receives) = 0;

  int rank_, size_;
  double seconds_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

/// The only rank of a run.
Ranks& no_other_ranks();

/// A text as bytes, and back.
Bytes to_bytes(std::string_view text);
std::string to_text(std::span<const std::byte> bytes);

}  // namespace srwm
