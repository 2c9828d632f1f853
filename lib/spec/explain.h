// The keys in words, for the terminal and for docs/spec.md.
#pragma once

#include <string>
#include <string_view>

namespace srwm {

/// What a key takes and means, with drawings (spec/pictures.h) of what it chooses between; for a group all keys in it;
/// for an empty `path` everything. UsageError, with the nearest name, if there is no such key or group.
std::string explain(std::string_view path);

/// A table of keys per group, in Markdown: the part of docs/spec.md between its two marks.
std::string markdown_tables();

}  // namespace srwm
