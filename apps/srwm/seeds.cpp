#include "srwm/seeds.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace srwm {
namespace {

constexpr std::size_t most_seeds = 1000;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// First and last of "3" or "1-5", none if it is neither.
std::optional<std::pair<std::uint64_t, std::uint64_t>> range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == text.npos ? first : number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

}  // namespace

std::vector<std::uint64_t> parse_seeds(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto part = range(std::string_view(text).substr(begin, end - begin));
    if (!part) throw UsageError("--seeds {}: seeds are whole numbers, as in 1,2,5, or a range, as in 1-5.", text);
    if (part->second - part->first >= most_seeds - seeds.size()) {
      throw UsageError("--seeds {}: that are more than {} seeds; give fewer at a time.", text, most_seeds);
    }
    for (std::uint64_t seed = part->first;; ++seed) {
      if (std::ranges::find(seeds, seed) != seeds.end()) {
        throw UsageError("--seeds {}: seed {} is named twice; one run folder serves one seed.", text, seed);
      }
      seeds.push_back(seed);
      if (seed == part->second) break;
    }
    begin = end + 1;
  }
  return seeds;
}

}  // namespace srwm
