// Looking things up in the table of tasks: specs, keys, types.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "spec/fields.h"
#include "spec/parse.h"
#include "tasks/all_tasks.h"

namespace srwm {

/// nullptr if there is no such task.
const TaskType* find_task(std::string_view name);
const TaskType& type_of(const AnySpec& spec);
/// The keys of all tasks.
SpecTable all_keys();

// spec/parse.h and spec/explain.h for the tasks of the table.
std::unique_ptr<AnySpec> parse_any_spec_text(std::string_view text, std::string_view origin,
                                             std::span<const std::string> overrides = {});
std::unique_ptr<AnySpec> load_any_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {},
                                       SpecOrigins* origins = nullptr);
std::string explain(std::string_view path);
std::string markdown_tables();

}  // namespace srwm
