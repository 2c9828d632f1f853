#include "spec/layers.h"

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file_use.h"
#include "io/shell_path.h"
#include "spec/fields.h"
#include "spec/problems.h"

namespace srwm {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

/// What describes a spec and not the experiment that another one makes of it.
constexpr std::string_view not_inherited[] = {"name", "comment", "figures"};

using Chain = std::vector<std::filesystem::path>;

/// "a.json, which extends b.json, which extends a.json"
std::string in_words(const Chain& chain) {
  std::string text;
  for (const std::filesystem::path& path : chain) text += (text.empty() ? "" : ", which extends ") + path.string();
  return text;
}

[[noreturn]] void refuse_missing(const Chain& chain) {
  if (chain.size() == 1) {
    throw SpecError("There is no spec '{}'. Check the path; experiments/ holds the specs that come with srwm.",
                    chain.front().string());
  }
  throw SpecError("There is no spec '{}', which {} extends. Its path counts from the folder of the file that names it.",
                  chain.back().string(), chain[chain.size() - 2].string());
}

std::string read_spec_file(const Chain& chain) {
  const std::filesystem::path& path = chain.back();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw SpecError("'{}' is a folder. Name a spec inside it: a JSON file.", path.string());
  }
  if (!std::filesystem::exists(path, ignored)) refuse_missing(chain);
  note_input(path);
  std::ifstream file(path, std::ios::binary);
  std::string text(largest_file + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() && file.fail())
    throw SpecError("The spec '{}' cannot be read. Check its permissions.", path.string());
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.starts_with("\x89HDF")) {
    throw SpecError("'{}' is an HDF5 file, no spec. Name a JSON spec; that of a run is spec.json in its folder.",
                    path.string());
  }
  if (text.size() > largest_file) {
    throw SpecError("'{}' is larger than 1 MiB, which no spec is. Name a JSON spec.", path.string());
  }
  return text;
}

/// The spec in a result of srwm, which is the recipe that repeats it; the text itself if it is anything else.
std::string recipe_in(std::string text) {
  const nlohmann::ordered_json document = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool is_result = document.is_object() && document.contains("commit") && document.contains("spec") &&
                         document.at("spec").is_object();
  return is_result ? document.at("spec").dump(2) : std::move(text);
}

/// The entries of a JSON object; SpecError if the text is anything else.
std::vector<JsonEntry> read_object(std::string_view text, std::string_view origin, Problems& problems) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    problems.add("", "", "It is empty. The least that a spec needs is {\"name\": \"my-experiment\"}.");
    problems.throw_if_any(origin);
  }
  std::vector<JsonEntry> entries = read_json(text, "", problems);
  if (!entries.empty() && std::holds_alternative<JsonObject>(entries.front().value)) return entries;
  if (!entries.empty()) {
    problems.add("", "",
                 fmt::format("A spec is a JSON object, {{\"name\": ...}}; found {}.", describe(entries.front().value)));
  }
  problems.throw_if_any(origin);
  return entries;
}

bool is_extends(const JsonEntry& entry) {
  return entry.path == extends_key;
}

/// The file that the entries extend, as they say it; empty if they extend none.
std::string base_named_in(const std::vector<JsonEntry>& entries, std::string_view origin) {
  const auto found = std::ranges::find_if(entries, is_extends);
  if (found == entries.end()) return {};
  const auto* text = std::get_if<std::string>(&found->value);
  if (text != nullptr && !text->empty() && keeps_rule(TextRule::one_line, *text)) return *text;
  Problems problems;
  problems.add(found->where, extends_key,
               fmt::format("must be the path of a spec, which counts from the folder of this one; found {}.",
                           describe(found->value)));
  problems.throw_if_any(origin);
  return {};
}

/// The last of the chain is a file that has been named before.
void refuse_cycle(const Chain& chain) {
  const auto is_last = [&](const std::filesystem::path& path) {
    std::error_code unknown;
    return std::filesystem::equivalent(path, chain.back(), unknown);
  };
  const auto first = std::find_if(chain.begin(), chain.end() - 1, is_last);
  if (first == chain.end() - 1) return;
  throw SpecError("A spec cannot extend itself: {}. Remove the key \"extends\" from one of them.",
                  in_words({first, chain.end()}));
}

/// Leaves out what does not go to the layers above, and says whose lines these are.
void make_base(std::vector<JsonEntry>& entries, const std::filesystem::path& path) {
  std::erase_if(entries, [](const JsonEntry& entry) {
    return std::ranges::any_of(not_inherited,
                               [&](std::string_view key) { return entry.path == key || is_within(entry.path, key); });
  });
  for (JsonEntry& entry : entries) entry.where = fmt::format("{} {}", path.string(), entry.where);
}

}  // namespace

SpecLayer layer_of_text(std::string_view text, std::string_view origin, Problems& problems) {
  SpecLayer layer{read_object(text, origin, problems), false};
  const auto extends = std::ranges::find_if(layer.entries, is_extends);
  if (extends == layer.entries.end()) return layer;
  problems.add(extends->where, extends_key, "This spec is in no file, so that there is none beside it to extend.");
  problems.throw_if_any(origin);
  return layer;
}

std::vector<SpecLayer> read_layers(const std::filesystem::path& path, Problems& problems) {
  std::vector<SpecLayer> layers;
  for (Chain chain{path};;) {
    const std::filesystem::path file = chain.back();
    const bool is_base = chain.size() > 1;
    refuse_cycle(chain);
    Problems of_base;
    std::vector<JsonEntry> entries =
        read_object(recipe_in(read_spec_file(chain)), file.string(), is_base ? of_base : problems);
    of_base.throw_if_any(file.string());
    const std::string base = base_named_in(entries, file.string());
    std::erase_if(entries, is_extends);
    if (is_base) make_base(entries, file);
    layers.push_back({std::move(entries), !base.empty()});
    if (base.empty()) break;
    chain.push_back((file.parent_path() / expand_home(base)).lexically_normal());
  }
  std::ranges::reverse(layers);
  return layers;
}

}  // namespace srwm
