#include "report/json_file.h"

#include <algorithm>

#include "core/error.h"
#include "io/file.h"
#include "spec/json_entries.h"
#include "spec/names.h"

namespace srwm {

using nlohmann::ordered_json;

JsonFile::JsonFile(std::filesystem::path path, std::string_view kind) : path_(std::move(path)), problems_(kind) {
  const std::string text = read_text_file(path_);
  const std::vector<JsonEntry> entries = read_json(text, "", problems_, DottedKeys::allowed);
  if (!entries.empty() && !std::holds_alternative<JsonObject>(entries.front().value)) {
    problems_.add("", "", fmt::format("The file must hold a JSON object; found {}.", describe(entries.front().value)));
  }
  check();
  content_ = ordered_json::parse(text);
}

void JsonFile::check_names(std::span<const std::string_view> known) {
  for (const auto& [name, value] : content_.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string_view nearest = nearest_name(name, known);
    problems_.add("", name,
                  "There is no such key." + (nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest)));
  }
}

const ordered_json& JsonFile::value(std::string_view name) const {
  static const ordered_json none;
  const auto found = content_.find(std::string(name));
  return found == content_.end() ? none : *found;
}

std::string JsonFile::text(std::string_view name) {
  if (value(name).is_null()) problems_.add("", name, "is missing; it must be text.");
  return text(name, "");
}

std::string JsonFile::text(std::string_view name, std::string_view fallback) {
  const ordered_json& found = value(name);
  if (found.is_string()) return found.get<std::string>();
  if (!found.is_null()) must_be(name, "text", found);
  return std::string(fallback);
}

const ordered_json& JsonFile::object(std::string_view name) {
  static const ordered_json empty = ordered_json::object();
  const ordered_json& found = value(name);
  if (found.is_object()) return found;
  if (!found.is_null()) must_be(name, "an object", found);
  return empty;
}

void JsonFile::must_be(std::string_view member, std::string_view what, const ordered_json& found) {
  problems_.add("", member, fmt::format("must be {}; found {}.", what, shown(found.dump())));
}

}  // namespace srwm
