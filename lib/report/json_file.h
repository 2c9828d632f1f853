// JSON files besides specs, read as strictly: tables and sweeps.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "spec/problems.h"

namespace srwm {

/// A JSON object whose members are asked for by name and type. What is wrong is collected; the members asked for have
/// their default then.
class JsonFile {
 public:
  /// Reads the file; `kind` ("table") names it in messages. Throws SpecError if it is not a JSON object without
  /// repeated keys, DataError if it cannot be read.
  JsonFile(std::filesystem::path path, std::string_view kind);

  /// Tells of members that are not among `known`, with the nearest one that is.
  void check_names(std::span<const std::string_view> known);
  /// A member's text; `fallback` if there is none. Without a fallback the member must be there.
  std::string text(std::string_view name);
  std::string text(std::string_view name, std::string_view fallback);
  /// A member that is an object, an empty object if there is none.
  const nlohmann::ordered_json& object(std::string_view name);
  /// A member's value, or null.
  const nlohmann::ordered_json& value(std::string_view name) const;

  /// Reports what a member must be, and is not.
  void must_be(std::string_view member, std::string_view what, const nlohmann::ordered_json& found);
  Problems& problems() { return problems_; }
  /// Throws a SpecError with all problems, if there are any.
  void check() const { problems_.throw_if_any(path_.string()); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Problems problems_;
  nlohmann::ordered_json content_;
};

}  // namespace srwm
