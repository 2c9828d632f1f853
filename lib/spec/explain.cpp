#include "spec/explain.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/fields.h"
#include "spec/names.h"
#include "spec/pictures.h"
#include "spec/print.h"

namespace srwm {
namespace {

std::string default_of(const Field& field) {
  return is_required(field) ? "none: it must be given" : value_of(field, ExperimentSpec()).dump();
}

std::string explain_field(const Field& field) {
  std::string text = fmt::format("{}\n    {}\n", field.path, field.meaning);
  text += fmt::format("    takes:   {}{}\n", allowed_values(field.type),
                      field.unit.empty() ? "" : fmt::format(" ({})", field.unit));
  text += fmt::format("    default: {}\n", default_of(field));
  if (!field.condition.key.empty()) text += fmt::format("    only if: {}\n", field.condition.words);
  return text;
}

bool is_within(std::string_view path, std::string_view group) {
  return group.empty() || (path.size() > group.size() && path.starts_with(group) && path[group.size()] == '.');
}

std::string explain_keys(std::string_view group) {
  std::string text;
  for (const Field& field : fields()) {
    if (is_within(field.path, group)) text += fmt::format("{}{}", text.empty() ? "" : "\n", explain_field(field));
  }
  return text;
}

/// What a key or group chooses between, drawn.
std::string drawings(std::string_view path) {
  std::string text;
  for (const Picture& picture : pictures()) {
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

std::string markdown_row(const Field& field) {
  const std::string unit = field.unit.empty() ? "" : fmt::format(", {}", field.unit);
  const std::string condition = field.condition.key.empty() ? "" : fmt::format(" Only if {}.", field.condition.words);
  const std::string initial = is_required(field) ? "required" : fmt::format("`{}`", default_of(field));
  return fmt::format("| `{}` | {}{} | {} | {}{} |\n", leaf_of(field.path), markdown_cell(allowed_values(field.type)),
                     unit, initial, markdown_cell(field.meaning), markdown_cell(condition));
}

std::string markdown_table(std::string_view group) {
  std::string table;
  for (const Field& field : fields()) {
    if (parent_of(field.path) == group) table += markdown_row(field);
  }
  return table.empty() ? table : fmt::format("| key | takes | default | meaning |\n|---|---|---|---|\n{}\n", table);
}

}  // namespace

std::string explain(std::string_view path) {
  if (path.empty()) return explain_keys("");
  if (const Field* field = find_field(path)) return explain_field(*field) + drawings(path);
  if (const Group* group = find_group(path)) {
    return fmt::format("{}: {}\n{}\n{}", path, group->meaning, drawings(path), explain_keys(path));
  }
  const std::string_view nearest = nearest_key(path);
  throw UsageError("There is no key '{}'.{} 'srwm config explain' lists all keys.", path,
                   nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest));
}

std::string markdown_tables() {
  std::string text = fmt::format("### Top level\n\n{}", markdown_table(""));
  for (const Group& group : groups()) {
    text += fmt::format("### `{}`\n\n{}\n\n{}", group.path, group.meaning, markdown_table(group.path));
  }
  return text;
}

}  // namespace srwm
