#include "spec/explain.h"

#include <algorithm>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/fields.h"
#include "spec/names.h"
#include "spec/print.h"

namespace srwm {
namespace {

std::string default_of(const SpecKeys& keys, const Field& field) {
  return keys.is_required(field) ? "none: it must be given" : value_of(field, keys.defaults()).dump();
}

std::string explain_field(const SpecKeys& keys, const Field& field) {
  std::string text = fmt::format("{}\n    {}\n", field.path, field.meaning);
  text += fmt::format("    takes:   {}{}\n", allowed_values(field.type),
                      field.unit.empty() ? "" : fmt::format(" ({})", field.unit));
  text += fmt::format("    default: {}\n", default_of(keys, field));
  if (!field.condition.key.empty()) text += fmt::format("    only if: {}\n", field.condition.words);
  return text;
}

std::string explain_keys(const SpecKeys& keys, std::string_view group) {
  std::string text;
  for (const Field& field : keys.fields()) {
    if (is_within(field.path, group)) text += fmt::format("{}{}", text.empty() ? "" : "\n", explain_field(keys, field));
  }
  return text;
}

/// What a key or group chooses between, drawn.
std::string drawings(const SpecKeys& keys, std::string_view path) {
  std::string text;
  for (const Picture& picture : keys.pictures()) {
    if (picture.key != path) continue;
    if (!picture.value.empty()) text += fmt::format("\n\"{}\":\n", picture.value);
    text += picture.text;
  }
  return text;
}

/// Text that Markdown shows as it is in a cell of a table.
std::string markdown_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '<' || c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string markdown_row(const SpecKeys& keys, const Field& field) {
  const std::string unit = field.unit.empty() ? "" : fmt::format(", {}", field.unit);
  const std::string condition = field.condition.key.empty() ? "" : fmt::format(" Only if {}.", field.condition.words);
  const std::string initial = keys.is_required(field) ? "required" : fmt::format("`{}`", default_of(keys, field));
  return fmt::format("| `{}` | {}{} | {} | {}{} |\n", leaf_of(field.path), markdown_cell(allowed_values(field.type)),
                     unit, initial, markdown_cell(field.meaning), markdown_cell(condition));
}

std::string markdown_table(const SpecKeys& keys, std::string_view group) {
  std::string table;
  for (const Field& field : keys.fields()) {
    if (parent_of(field.path) == group) table += markdown_row(keys, field);
  }
  return table.empty() ? table : fmt::format("| key | takes | default | meaning |\n|---|---|---|---|\n{}\n", table);
}

/// Nothing if the task has no such key or group.
std::string explain_path(const SpecKeys& keys, std::string_view path) {
  if (path.empty()) return explain_keys(keys, "");
  const std::string drawn = drawings(keys, path);
  if (const Field* field = keys.find_field(path)) return explain_field(keys, *field) + drawn;
  const Group* group = keys.find_group(path);
  if (group == nullptr) return {};
  return fmt::format("{}: {}\n{}\n{}", path, group->meaning, drawn, explain_keys(keys, path));
}

std::string markdown_tables(const SpecKeys& keys) {
  std::string text = fmt::format("## Keys of {}\n\n### Top level\n\n{}", keys.title(), markdown_table(keys, ""));
  for (const Group& group : keys.groups()) {
    text += fmt::format("### `{}`\n\n{}\n\n{}", group.path, group.meaning, markdown_table(keys, group.path));
  }
  return text;
}

[[noreturn]] void refuse_unknown(SpecTable all, std::string_view path) {
  std::string_view nearest;
  for (const SpecKeys* keys : all) {
    if (nearest.empty()) nearest = nearest_key(*keys, path);
  }
  throw UsageError("There is no key '{}'.{} 'srwm config explain' lists all keys.", path,
                   nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest));
}

/// An explanation, and the tasks that it is true of.
struct Explanation {
  std::string text, titles;
};

}  // namespace

std::string explain(SpecTable all, std::string_view path) {
  std::vector<Explanation> found;
  for (const SpecKeys* keys : all) {
    const std::string text = explain_path(*keys, path);
    if (text.empty()) continue;
    const auto same = std::ranges::find(found, text, &Explanation::text);
    if (same == found.end()) {
      found.push_back({text, std::string(keys->title())});
    } else {
      same->titles += fmt::format(" and {}", keys->title());
    }
  }
  if (found.empty()) refuse_unknown(all, path);
  if (found.size() == 1) return found.front().text;
  std::string text;
  for (const Explanation& one : found) {
    text += fmt::format("{}In specs of {}:\n\n{}", text.empty() ? "" : "\n", one.titles, one.text);
  }
  return text;
}

std::string markdown_tables(SpecTable all) {
  std::string text;
  for (const SpecKeys* keys : all) text += markdown_tables(*keys);
  return text;
}

}  // namespace srwm
