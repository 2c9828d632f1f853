#include "spec/print.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/json_number.h"
#include "spec/layers.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

struct Value {
  const AnySpec& spec;

  ordered_json operator()(const FractionKey& key) const {
    const std::optional<double>& fraction = key.member.read(spec);
    return fraction ? ordered_json(*fraction) : ordered_json(nullptr);
  }
  ordered_json operator()(const SeedKey& key) const {
    const std::uint64_t seed = key.member.read(spec);
    return is_safe_in_json(seed) ? ordered_json(seed) : ordered_json(std::to_string(seed));
  }
  ordered_json operator()(const ChoiceKey& key) const { return key.read(spec); }
  template <typename Key>
  ordered_json operator()(const Key& key) const {
    return key.member.read(spec);
  }
};

constexpr const char* one_line_pattern = "^[^\\u0000-\\u001f\\u007f]*$";

/// The part of a key's schema that follows from its type.
struct Schema {
  ordered_json operator()(const IntegerKey& key) const {
    return {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}};
  }
  ordered_json operator()(const SeedKey&) const {
    // As text where a program that reads JSON numbers as doubles would round it.
    return {{"type", {"integer", "string"}},
            {"minimum", 0},
            {"maximum", std::numeric_limits<std::uint64_t>::max()},
            {"pattern", "^[0-9]{1,20}$"}};
  }
  ordered_json operator()(const NumberKey& key) const {
    ordered_json schema = {{"type", "number"}};
    schema[key.min_excluded ? "exclusiveMinimum" : "minimum"] = key.min;
    const double most = static_cast<double>(std::numeric_limits<float>::max());
    schema[key.max_excluded ? "exclusiveMaximum" : "maximum"] = std::min(key.max, most);
    return schema;
  }
  ordered_json operator()(const FractionKey&) const {
    return {{"type", {"number", "null"}}, {"minimum", 0}, {"maximum", 1}};
  }
  ordered_json operator()(const FlagKey&) const { return {{"type", "boolean"}}; }
  ordered_json operator()(const TextKey& key) const {
    ordered_json schema = {{"type", "string"}};
    if (key.rule == TextRule::name) schema["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$";
    if (key.rule == TextRule::one_line) schema["pattern"] = one_line_pattern;
    if (key.non_empty) schema["minLength"] = 1;
    return schema;
  }
  ordered_json operator()(const ChoiceKey& key) const { return {{"enum", key.names}}; }
  ordered_json operator()(const IntegersKey& key) const {
    return {{"type", "array"},
            {"items", {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}}},
            {"minItems", key.least},
            {"maxItems", key.most}};
  }
  ordered_json operator()(const TextsKey& key) const {
    return {{"type", "array"},
            {"items", {{"type", "string"}, {"pattern", one_line_pattern}, {"minLength", 1}}},
            {"maxItems", key.most}};
  }
};

/// "model.core.layers" -> /model/core/layers
ordered_json::json_pointer pointer_to(std::string_view path) {
  std::string text = fmt::format("/{}", path);
  std::ranges::replace(text, '.', '/');
  return ordered_json::json_pointer(text);
}

ordered_json schema_of(const SpecKeys& keys, const Field& field) {
  ordered_json schema = {{"description", field.meaning}};
  if (!field.condition.key.empty()) {
    schema["description"] = fmt::format("{} Only if {}.", field.meaning, field.condition.words);
  }
  schema.update(std::visit(Schema(), field.type));
  if (!keys.is_required(field)) schema["default"] = value_of(field, keys.defaults());
  return schema;
}

ordered_json empty_object_schema(std::string_view description) {
  ordered_json schema = {{"description", description}, {"type", "object"}, {"additionalProperties", false}};
  schema["properties"] = ordered_json::object();
  return schema;
}

/// Where the schema of the key or group at `path` stands.
ordered_json::json_pointer schema_pointer(std::string_view path) {
  if (path.empty()) return ordered_json::json_pointer();
  return schema_pointer(parent_of(path)) / "properties" / std::string(leaf_of(path));
}

}  // namespace

ordered_json value_of(const Field& field, const AnySpec& spec) {
  return std::visit(Value{spec}, field.type);
}

std::string to_json(const AnySpec& spec) {
  ordered_json root = ordered_json::object();
  for (const Field& field : spec.keys().fields()) {
    if (field.applies(spec)) root[pointer_to(field.path)] = value_of(field, spec);
  }
  return root.dump(2) + "\n";
}

std::string to_text(const AnySpec& spec, const SpecOrigins& origins) {
  std::vector<std::array<std::string, 3>> lines;
  for (const Field& field : spec.keys().fields()) {
    if (!field.applies(spec)) continue;
    const auto origin = origins.find(field.path);
    lines.push_back(
        {std::string(field.path), value_of(field, spec).dump(), origin == origins.end() ? "default" : origin->second});
  }
  constexpr std::size_t widest_value = 40;  // longer ones push their own line out only
  std::size_t paths = 0, values = 0;
  for (const auto& [path, value, origin] : lines) {
    paths = std::max(paths, path.size());
    if (value.size() <= widest_value) values = std::max(values, value.size());
  }
  std::string text;
  for (const auto& [path, value, origin] : lines) {
    text += fmt::format("{:<{}}  {:<{}}  {}\n", path, paths, value, values, origin);
  }
  return text;
}

std::string json_schema(const SpecKeys& keys) {
  ordered_json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", fmt::format("srwm experiment spec, {}", keys.title())}};
  root.update(empty_object_schema(keys.meaning()));
  root["properties"][std::string(extends_key)] = {
      {"description", "A spec that this one changes: its path, which counts from the folder of this file."},
      {"type", "string"},
      {"pattern", one_line_pattern},
      {"minLength", 1}};
  for (const Group& group : keys.groups()) root[schema_pointer(group.path)] = empty_object_schema(group.meaning);
  for (const Field& field : keys.fields()) {
    root[schema_pointer(field.path)] = schema_of(keys, field);
    if (keys.is_required(field)) {
      root[schema_pointer(parent_of(field.path))]["required"].push_back(leaf_of(field.path));
    }
  }
  return root.dump(2) + "\n";
}

}  // namespace srwm
