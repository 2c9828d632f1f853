#include "spec/schema_check.h"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace srwm::testing {
namespace {

using nlohmann::json;

bool has_type(const json& value, const json& type) {
  if (type.is_array()) return std::ranges::any_of(type, [&](const json& one) { return has_type(value, one); });
  if (type == "integer") return value.is_number() && std::trunc(value.get<double>()) == value.get<double>();
  if (type == "number") return value.is_number();
  return value.type_name() == type.get<std::string>();
}

bool is_in_range(double value, const std::string& keyword, double limit) {
  if (keyword == "minimum") return value >= limit;
  if (keyword == "maximum") return value <= limit;
  return keyword == "exclusiveMinimum" ? value > limit : value < limit;
}

bool fits_members(const json& value, const json& schema) {
  const json& properties = schema.at("properties");
  return std::ranges::all_of(value.items(), [&](const auto& member) {
    return properties.contains(member.key()) && fits_schema(member.value(), properties.at(member.key()));
  });
}

bool fits_keyword(const json& value, const std::string& keyword, const json& wanted, const json& schema) {
  static const std::set<std::string> descriptive = {"$schema", "title", "description", "default"};
  if (descriptive.contains(keyword)) return true;
  if (keyword == "type") return has_type(value, wanted);
  if (keyword == "enum") return std::ranges::find(wanted, value) != wanted.end();
  if (keyword == "additionalProperties") return wanted == false;
  if (keyword == "properties") return !value.is_object() || fits_members(value, schema);
  if (keyword == "required") {
    return std::ranges::all_of(wanted, [&](const json& key) { return value.contains(key.get<std::string>()); });
  }
  if (keyword.ends_with("inimum") || keyword.ends_with("aximum"))
    return !value.is_number() || is_in_range(value.get<double>(), keyword, wanted.get<double>());
  if (keyword == "items") {
    return !value.is_array() || std::ranges::all_of(value, [&](const json& item) { return fits_schema(item, wanted); });
  }
  if (keyword == "minItems") return !value.is_array() || value.size() >= wanted.get<std::size_t>();
  if (keyword == "maxItems") return !value.is_array() || value.size() <= wanted.get<std::size_t>();
  if (keyword == "minLength") return !value.is_string() || value.get<std::string>().size() >= wanted.get<std::size_t>();
  if (keyword == "pattern") {
    return !value.is_string() || std::regex_search(value.get<std::string>(), std::regex(wanted.get<std::string>()));
  }
  throw std::logic_error("the schema has a keyword that this checker does not know: " + keyword);
}

}  // namespace

bool fits_schema(const json& value, const json& schema) {
  return std::ranges::all_of(
      schema.items(), [&](const auto& keyword) { return fits_keyword(value, keyword.key(), keyword.value(), schema); });
}

}  // namespace srwm::testing
