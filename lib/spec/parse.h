// From the text of a spec to typed values, or to a list of everything that is wrong with it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
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
/// Where the value of a key is from, for keys that do not have their default: "srwm.json line 3", "--set seed=2".
using SpecOrigins = std::map<std::string, std::string, std::less<>>;

/// Reads and parses a file, laid over the files that it extends (spec/layers.h): of two values of a key that of the
/// upper file holds, null puts a key back to its default, and what a base says and loses its meaning by a value above
/// is left out. SpecError also as read_layers. Fills `origins` if it is given.
std::unique_ptr<AnySpec> load_spec(SpecTable tasks, const std::filesystem::path& path,
                                   std::span<const std::string> overrides = {}, SpecOrigins* origins = nullptr);

/// The same for one task; SpecError for a text that names another.
std::unique_ptr<AnySpec> parse_spec_of(const SpecKeys& keys, std::string_view text, std::string_view origin,
                                       std::span<const std::string> overrides = {});
std::unique_ptr<AnySpec> load_spec_of(const SpecKeys& keys, const std::filesystem::path& path,
                                      std::span<const std::string> overrides = {});

/// SpecError: the spec `origin` is of `task`, but one of another is needed.
[[noreturn]] void refuse_task(std::string_view origin, std::string_view task, std::string_view needed);

}  // namespace srwm
