// From the text of a spec to typed values, or to a list of everything that is wrong with it.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "spec/rl_spec.h"
#include "spec/spec.h"

namespace srwm {

/// Parses a spec. `origin` names the text in messages. `overrides` are "path=value" (--set): the value is JSON
/// if it can be read as such, else text; an object sets the keys inside it; null puts a key back to its default; of two
/// overrides of one key the last holds.
///
/// Throws one SpecError that lists every problem: text that is not JSON (then only that), unknown, repeated and
/// mistyped keys, values out of range, keys that have no meaning beside the others, values that do not fit together,
/// missing keys; each with line, path, what is allowed and the nearest valid name. The spec is an ExperimentSpec or an
/// RlSpec, by its key "task".
std::unique_ptr<AnySpec> parse_any_spec_text(std::string_view text, std::string_view origin,
                                             std::span<const std::string> overrides = {});
/// The same for one task; SpecError for a spec of another.
ExperimentSpec parse_spec_text(std::string_view text, std::string_view origin,
                               std::span<const std::string> overrides = {});
RlSpec parse_rl_spec_text(std::string_view text, std::string_view origin, std::span<const std::string> overrides = {});

/// Reads and parses a file; SpecError also if it is missing, a folder, empty, unreadable or above 1 MiB.
std::unique_ptr<AnySpec> load_any_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {});
ExperimentSpec load_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {});
RlSpec load_rl_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {});

}  // namespace srwm
