// What keys mean, for the terminal and for docs/spec.md.
#pragma once

#include <string>
#include <string_view>

#include "spec/fields.h"

namespace srwm {

/// What a key takes and means in the specs of each task that has it, with drawings of what it chooses between; for a
/// group all keys in it; for an empty `path` everything. UsageError, with the nearest name, if there is no such key or
/// group.
std::string explain(SpecTable all, std::string_view path);

/// A table of keys per group and task, in Markdown: the part of docs/spec.md between its two marks.
std::string markdown_tables(SpecTable all);

}  // namespace srwm
