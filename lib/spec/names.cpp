#include "spec/names.h"

#include <algorithm>
#include <vector>

#include "spec/fields.h"

namespace srwm {
namespace {

/// Longer names are not compared: nobody meant one of ours by them, and the work grows with the square.
constexpr std::size_t longest_compared = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_near(int distance, std::string_view name) {
  return distance <= std::max(2, static_cast<int>(name.size()) / 3);
}

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find_first_of("_-"), name.size());
    words.push_back(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return words;
}

bool share_a_word(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> of_b = words_of(b);
  return std::ranges::any_of(words_of(a), [&](std::string_view word) {
    return word.size() > 1 && std::ranges::find(of_b, word) != of_b.end();
  });
}

/// 0 for the same group, 1 if one stands in the other or both have the same last part, else 2 or 3.
int group_distance(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  const bool is_related = is_within(a, b) || is_within(b, a) || leaf_of(a) == leaf_of(b);
  return is_related ? 1 : std::clamp(edit_distance(a, b), 2, 3);
}

/// Distance of an unknown path from a known one, the last parts counting most; -1 if they are far apart.
int path_distance(std::string_view unknown, std::string_view known) {
  const std::string_view leaf = leaf_of(unknown);
  int of_leaf = edit_distance(leaf, leaf_of(known));
  if (of_leaf > 1 && share_a_word(leaf, leaf_of(known))) of_leaf = 1;
  if (!is_near(of_leaf, leaf)) return -1;
  return 2 * of_leaf + group_distance(parent_of(unknown), parent_of(known));
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) current[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, current);
    current[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
  }
  return current[b.size()];
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > longest_compared || candidates.empty()) return {};
  const auto distance = [&](std::string_view candidate) { return edit_distance(name, candidate); };
  const std::string_view best = *std::ranges::min_element(candidates, {}, distance);
  return is_near(distance(best), name) ? best : std::string_view();
}

std::string_view nearest_key(const SpecKeys& keys, std::string_view path) {
  if (path.empty() || path.size() > longest_compared) return {};
  std::string_view best;
  int best_distance = -1;
  const auto consider = [&](std::string_view known) {
    const int distance = path_distance(path, known);
    if (distance < 0 || (best_distance >= 0 && distance >= best_distance)) return;
    best = known;
    best_distance = distance;
  };
  for (const Field& field : keys.fields()) consider(field.path);
  for (const Group& group : keys.groups()) consider(group.path);
  return best;
}

}  // namespace srwm
