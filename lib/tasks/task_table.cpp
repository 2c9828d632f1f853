#include "tasks/task_table.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "spec/explain.h"

namespace srwm {

const TaskType* find_task(std::string_view name) {
  const auto found = std::ranges::find(all_tasks(), name, [](const TaskType* type) { return type->keys().task(); });
  return found == all_tasks().end() ? nullptr : *found;
}

const TaskType& type_of(const AnySpec& spec) {
  const TaskType* type = find_task(spec.task());
  SRWM_CHECK(type != nullptr, "the task {} is not in the table", spec.task());
  return *type;
}

SpecTable all_keys() {
  static const std::vector<const SpecKeys*> keys = [] {
    std::vector<const SpecKeys*> list;
    for (const TaskType* type : all_tasks()) list.push_back(&type->keys());
    return list;
  }();
  return keys;
}

std::unique_ptr<AnySpec> parse_any_spec_text(std::string_view text, std::string_view origin,
                                             std::span<const std::string> overrides) {
  return parse_spec(all_keys(), text, origin, overrides);
}

std::unique_ptr<AnySpec> load_any_spec(const std::filesystem::path& path, std::span<const std::string> overrides,
                                       SpecOrigins* origins) {
  return load_spec(all_keys(), path, overrides, origins);
}

std::string explain(std::string_view path) {
  return explain(all_keys(), path);
}

std::string markdown_tables() {
  return markdown_tables(all_keys());
}

}  // namespace srwm
