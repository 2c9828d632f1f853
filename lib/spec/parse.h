// From the text of a spec to typed values, or to a list of everything that is wrong with it.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "spec/fields.h"
#include "spec/spec.h"

namespace srwm {

/// Parses a spec of any of these tasks. `origin` names the text in messages. `overrides` are "path=value" (--set): the
/// value is JSON if it can be read as such, else text; an object sets the keys inside it; null puts a key back to its
/// default; of two overrides of one key the last holds.
///
/// Throws one SpecError that lists every problem: text that is not JSON (then only that), unknown, repeated and
/// mistyped keys, values out of range, keys that have no meaning beside the others, values that do not fit together,
/// missing keys; each with line, path, what is allowed and the nearest valid name. The spec is that of the task which
/// its key "task" names.
std::unique_ptr<AnySpec> parse_spec(SpecTable tasks, std::string_view text, std::string_view origin,
                                    std::span<const std::string> overrides = {});
/// Reads and parses a file; SpecError also if it is missing, a folder, empty, unreadable or above 1 MiB.
std::unique_ptr<AnySpec> load_spec(SpecTable tasks, const std::filesystem::path& path,
                                   std::span<const std::string> overrides = {});

/// The same for one task; SpecError for a text that names another.
std::unique_ptr<AnySpec> parse_spec_of(const SpecKeys& keys, std::string_view text, std::string_view origin,
                                       std::span<const std::string> overrides = {});
std::unique_ptr<AnySpec> load_spec_of(const SpecKeys& keys, const std::filesystem::path& path,
                                      std::span<const std::string> overrides = {});

/// SpecError: the spec `origin` is of `task`, but one of another is needed.
[[noreturn]] void refuse_task(std::string_view origin, std::string_view task, std::string_view needed);

}  // namespace srwm
