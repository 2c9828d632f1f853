#include "comm/ranks.h"

#include <cstring>
#include <utility>

#include "core/clock.h"
#include "core/error.h"

namespace srwm {
namespace {

class OnlyRank final : public Ranks {
 public:
  OnlyRank() : Ranks(0, 1) {}
  std::string engine() const override { return "none"; }
  std::string host(int) const override { return {}; }

 private:
  void exchange_impl(std::span<const std::span<const std::byte>>, std::span<const std::span<std::byte>>) override {}
};

std::span<const std::byte> bytes_of(const std::uint64_t& number) {
  return std::as_bytes(std::span(&number, 1));
}

}  // namespace

Ranks& no_other_ranks() {
  static OnlyRank ranks;  // has no state but the time that its empty exchanges take
  return ranks;
}

void Ranks::exchange(std::span<const std::span<const std::byte>> sends,
                     std::span<const std::span<std::byte>> receives) {
  if (is_alone()) return;
  SRWM_CHECK(std::cmp_equal(sends.size(), size_) && std::cmp_equal(receives.size(), size_),
             "an exchange of {} ranks with {} and {} spans", size_, sends.size(), receives.size());
  const auto start = Clock::now();
  exchange_impl(sends, receives);
  seconds_ += seconds_since(start);
  for (std::size_t rank = 0; rank < sends.size(); ++rank) {
    if (std::cmp_not_equal(rank, rank_)) bytes_sent_ += sends[rank].size();
  }
}

void Ranks::share_slices(std::span<const std::span<std::byte>> slices) {
  const std::vector<std::span<const std::byte>> sends(slices.size(), slices[static_cast<std::size_t>(rank_)]);
  exchange(sends, slices);
}

std::vector<Bytes> Ranks::all_gather(std::span<const std::byte> mine) {
  const auto ranks = static_cast<std::size_t>(size_), here = static_cast<std::size_t>(rank_);
  std::vector<Bytes> all(ranks);
  all[here].assign(mine.begin(), mine.end());
  const std::uint64_t my_size = mine.size();
  std::vector<std::uint64_t> sizes(ranks, my_size);
  std::vector<std::span<const std::byte>> sends(ranks, bytes_of(my_size));
  std::vector<std::span<std::byte>> receives;
  for (std::uint64_t& size : sizes) receives.push_back(std::as_writable_bytes(std::span(&size, 1)));
  exchange(sends, receives);
  for (std::size_t r = 0; r < ranks; ++r) {
    if (r != here) all[r].resize(sizes[r]);
    sends[r] = mine;
    receives[r] = all[r];
  }
  exchange(sends, receives);
  return all;
}

std::vector<Bytes> Ranks::gather(std::span<const std::byte> mine) {
  const auto ranks = static_cast<std::size_t>(size_), here = static_cast<std::size_t>(rank_);
  const std::uint64_t my_size = mine.size();
  std::vector<std::uint64_t> sizes(ranks, my_size);
  std::vector<std::span<const std::byte>> sends(ranks);
  std::vector<std::span<std::byte>> receives(ranks);
  if (!is_first()) sends[0] = bytes_of(my_size);
  for (std::size_t r = 1; is_first() && r < ranks; ++r) receives[r] = std::as_writable_bytes(std::span(&sizes[r], 1));
  exchange(sends, receives);
  std::vector<Bytes> all;
  if (is_first()) all.resize(ranks);
  for (std::size_t r = 0; r < all.size(); ++r) {
    all[r].resize(sizes[r]);
    receives[r] = all[r];
  }
  if (!is_first()) sends[0] = mine;
  exchange(sends, receives);
  if (is_first()) all[here].assign(mine.begin(), mine.end());
  return all;
}

/// Along a binary tree, so that the time grows with the logarithm of the number of ranks.
void Ranks::broadcast(Bytes& bytes) {
  std::uint64_t size = bytes.size();
  const auto spread = [&](std::span<std::byte> data) {
    const auto ranks = static_cast<std::size_t>(size_), here = static_cast<std::size_t>(rank_);
    for (std::size_t distance = 1; distance < ranks; distance *= 2) {
      std::vector<std::span<const std::byte>> sends(ranks);
      std::vector<std::span<std::byte>> receives(ranks);
      if (here < distance && here + distance < ranks) sends[here + distance] = data;
      if (here >= distance && here < 2 * distance) receives[here - distance] = data;
      exchange(sends, receives);
    }
  };
  spread(std::as_writable_bytes(std::span(&size, 1)));
  bytes.resize(size);
  spread(bytes);
}

void Ranks::barrier() {
  all_gather({});
}

void Ranks::set_phase(const char* phase, std::int64_t step) {
  static_cast<void>(phase);
  static_cast<void>(step);
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): what overrides it keeps the sentence
void Ranks::set_way_on(std::string sentence) {
  static_cast<void>(sentence);
}

Bytes to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string to_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace srwm
