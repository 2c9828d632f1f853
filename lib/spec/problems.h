// Collects everything that is wrong with a spec, or another JSON file that users write, so that it is told at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace srwm {

class Problems {
 public:
  /// `kind`: what the file should have been, as in "is not a valid spec".
  explicit Problems(std::string_view kind = "spec") : kind_(kind) {}

  /// `where`: "line 3", "--set a=b" or empty; `path`: the key's path or empty; `reason`: one or more sentences.
  void add(std::string_view where, std::string_view path, std::string_view reason);

  bool empty() const { return lines_.empty(); }
  /// Throws a SpecError that names the file and lists all problems line by line, if there are any.
  void throw_if_any(std::string_view origin) const;

 private:
  std::string kind_;
  std::vector<std::string> lines_;
};

/// Text from a spec as shown in a message: shortened to about 60 bytes, control characters and bytes
/// that are not UTF-8 replaced by '?'.
std::string shown(std::string_view text);

}  // namespace srwm
