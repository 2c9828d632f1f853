// The texts that a spec is made of: a file may extend another, which may extend a third.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "spec/json_entries.h"
#include "spec/problems.h"

namespace srwm {

/// The member of a file that names the file it extends: a path, which counts from the folder of the file.
inline constexpr std::string_view extends_key = "extends";

/// What one text says. `where` of an entry begins with the path of the file unless it is the first one.
struct SpecLayer {
  std::vector<JsonEntry> entries;
  bool extends = false;  ///< it lies over another layer: null drops what that says
};

/// A spec that stands alone. SpecError, naming `origin`, if it is empty, not a JSON object, or extends a file; lesser
/// problems, such as repeated keys, are added to `problems`.
SpecLayer layer_of_text(std::string_view text, std::string_view origin, Problems& problems);

/// The file `path` and those that it extends, the innermost base first. A layer that others lie over comes without what
/// describes it alone: name, comment and figures. A result (result.json, srwm eval --json) is taken for the spec in it.
/// SpecError as layer_of_text, and if a file is missing, a folder, HDF5, unreadable or above 1 MiB, if a base has
/// lesser problems, or if a file extends itself through others: then with the whole chain.
std::vector<SpecLayer> read_layers(const std::filesystem::path& path, Problems& problems);

}  // namespace srwm
