#include "spec/differences.h"

#include <algorithm>
#include <filesystem>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "spec/fields.h"
#include "spec/print.h"

namespace srwm {

namespace {

/// "mine" of "/data/mine.h5" and of "mine": the part of a place that remains when the file moves.
std::string name_at(const std::string& place) {
  const std::filesystem::path path(place);
  const std::filesystem::path name = path.has_filename() ? path.filename() : path.parent_path().filename();
  return name.extension() == ".h5" ? name.stem().string() : name.string();
}

bool is_same_place(const Field& field, const AnySpec& before, const AnySpec& now) {
  const auto* key = std::get_if<TextKey>(&field.type);
  return key != nullptr && key->is_place && name_at(key->member.read(before)) == name_at(key->member.read(now));
}

}  // namespace

std::vector<SpecDifference> differences(const AnySpec& before, const AnySpec& now,
                                        std::span<const std::string_view> ignored) {
  std::vector<SpecDifference> found;
  for (const Field& field : now.keys().fields()) {
    const auto passes_over = [&](std::string_view key) { return field.path == key || parent_of(field.path) == key; };
    if (std::ranges::any_of(ignored, passes_over)) continue;
    std::string old_value = value_of(field, before).dump(), new_value = value_of(field, now).dump();
    if (old_value != new_value && !is_same_place(field, before, now))
      found.push_back({field.path, std::move(old_value), std::move(new_value)});
  }
  return found;
}

std::string list_differences(const AnySpec& before, const AnySpec& now, std::span<const std::string_view> ignored) {
  std::string lines;
  for (const SpecDifference& difference : differences(before, now, ignored)) {
    lines += fmt::format("\n  {}: {} then, {} now", difference.path, difference.before, difference.now);
  }
  return lines;
}

}  // namespace srwm
