#include "bench/exchange_bench.h"

#include <algorithm>
#include <cstdint>

#include <fmt/core.h>

#include "core/error.h"
#include "core/rng.h"
#include "train/step_exchange.h"

namespace srwm {
namespace {

constexpr std::int64_t message_sizes[] = {8, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 22, 1 << 24, 1 << 26};

std::string size_text(std::int64_t bytes) {
  if (bytes < 1 << 10) return fmt::format("{} B", bytes);
  return bytes < 1 << 20 ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} MiB", bytes >> 20);
}

/// Rank 0 says after each call whether there is another: clocks differ.
template <typename Work>
Timing time_together(Ranks& ranks, double seconds, const Work& work) {
  std::vector<double> measured;
  work();
  for (Bytes again{std::byte{1}}; again[0] != std::byte{0};) {
    ranks.barrier();
    const double start = now_seconds();
    work();
    measured.push_back(now_seconds() - start);
    double spent = 0;
    for (const double one : measured) spent += one;
    again[0] = std::byte{measured.size() < 3 || (spent < seconds && measured.size() < 1000)};
    ranks.broadcast(again);
  }
  return timing_of(measured);
}

/// Rank r's gradient, the same whoever asks.
std::vector<float> gradient_of(int rank, std::int64_t count) {
  RandomSequence random(static_cast<std::uint64_t>(rank), Stream::init, 0);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// As comm/pass_tree.h says, of a single number.
float sum_of_node(const PassRange& node, const std::vector<std::vector<float>>& gradients, std::size_t i) {
  if (node.count() == 1) return gradients[static_cast<std::size_t>(node.first)][i];
  const std::int64_t middle = middle_of(node);
  return sum_of_node({node.first, middle}, gradients, i) + sum_of_node({middle, node.last}, gradients, i);
}

void check_sum(const std::vector<float>& sum, int ranks) {
  std::vector<std::vector<float>> gradients;
  for (int rank = 0; rank < ranks; ++rank) gradients.push_back(gradient_of(rank, std::ssize(sum)));
  for (std::size_t i = 0; i < sum.size(); ++i) {
    SRWM_CHECK(sum[i] == sum_of_node({0, ranks}, gradients, i), "element {} of a sum over {} ranks is {}", i, ranks,
               sum[i]);
  }
}

Timing time_all_to_all(Ranks& ranks, std::int64_t bytes, double seconds) {
  const auto size = static_cast<std::size_t>(ranks.size()), slice = static_cast<std::size_t>(bytes) / size;
  const Bytes out(slice * size);
  Bytes in(slice * size);
  std::vector<std::span<const std::byte>> sends(size);
  std::vector<std::span<std::byte>> receives(size);
  for (std::size_t rank = 0; rank < size; ++rank) {
    sends[rank] = std::span(out).subspan(rank * slice, slice);
    receives[rank] = std::span(in).subspan(rank * slice, slice);
  }
  return time_together(ranks, seconds, [&] { ranks.exchange(sends, receives); });
}

Timing time_ordered_sum(Context& context, Ranks& ranks, std::int64_t count, double seconds) {
  ParameterSet set(context, 1);
  Parameter& parameter = set.constant("gradient", {count}, 0);
  StepExchange exchange(context, set, ranks.size(), 0, ranks);
  const std::vector<float> mine = gradient_of(ranks.rank(), count);
  const Timing timing = time_together(ranks, seconds, [&] {
    context.upload(parameter.slot.grad, mine.data());
    exchange.take_node(exchange.share());
    exchange.run({});
  });
  std::vector<float> sum(mine.size());
  context.download(sum.data(), parameter.slot.grad);
  check_sum(sum, ranks.size());
  return timing;
}

}  // namespace

std::vector<BenchResult> bench_exchange(Context& context, Ranks& ranks, double seconds) {
  std::vector<BenchResult> results;
  const double each = seconds / (3 * std::size(message_sizes)), others = ranks.size() - 1, size = ranks.size();
  for (const std::int64_t bytes : message_sizes) {
    const Bytes message(static_cast<std::size_t>(bytes));
    const auto add = [&](const char* what, const Timing& timing, double received) {
      results.push_back({.name = fmt::format("{} of {}, {} ranks", what, size_text(bytes), ranks.size()),
                         .timing = timing,
                         .bytes = received});
    };
    const auto whole = static_cast<double>(bytes);
    add("all-gather", time_together(ranks, each, [&] { ranks.all_gather(message); }), others * whole);
    add("all-to-all", time_all_to_all(ranks, bytes, each), others / size * whole);
    add("ordered sum", time_ordered_sum(context, ranks, bytes / 4, each), 2 * others / size * whole);
  }
  return results;
}

}  // namespace srwm
