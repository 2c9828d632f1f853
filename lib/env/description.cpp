#include "env/description.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/names.h"

namespace srwm {
namespace {

using Json = nlohmann::ordered_json;

EnvValue parse_value(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int32_t>();
  return value.get<std::string>();
}

EnvGame parse_game(const Json& json) {
  EnvGame game;
  game.name = json.at("name");
  game.summary = json.value("summary", "");
  game.memory = json.value("memory", false);
  game.modes = json.value("modes", std::vector<std::string>());
  game.best = json.value("best", std::vector<double>());
  game.memoryless = json.value("memoryless", std::vector<double>());
  return game;
}

EnvOptionRule parse_option(const Json& json) {
  EnvOptionRule rule;
  rule.name = json.at("name");
  rule.meaning = json.value("meaning", "");
  rule.fallback = parse_value(json.at("default"));
  rule.min = json.value("min", rule.min);
  rule.max = json.value("max", rule.max);
  const auto choices = json.find("choices");
  if (choices != json.end()) {
    for (const auto& choice : choices->items()) rule.choices.emplace_back(choice.key(), choice.value());
  }
  return rule;
}

template <typename Item>
const Item& find_by_name(const std::vector<Item>& items, std::string_view name, const char* kind,
                         const std::string& library) {
  const auto found = std::ranges::find(items, name, &Item::name);
  if (found != items.end()) return *found;
  std::vector<std::string_view> names;
  for (const Item& item : items) names.emplace_back(item.name);
  const std::string_view nearest = nearest_name(name, names);
  throw UsageError("{} has no {} '{}'.{} It has {}.", library, kind, name,
                   nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest), fmt::join(names, ", "));
}

}  // namespace

std::string to_text(const EnvValue& value) {
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const std::int32_t* number = std::get_if<std::int32_t>(&value)) return std::to_string(*number);
  return std::get<std::string>(value);
}

bool EnvDescription::takes(std::string_view standard_option) const {
  return std::ranges::find(standard, standard_option) != standard.end();
}

const EnvGame& EnvDescription::game(std::string_view game_name) const {
  return find_by_name(games, game_name, "game", name);
}

const EnvOptionRule& EnvDescription::option(std::string_view option_name) const {
  return find_by_name(options, option_name, "option", name);
}

EnvDescription parse_description(const std::string& json, const std::string& library) {
  try {
    const Json object = Json::parse(json);
    EnvDescription description;
    description.name = object.at("name");
    description.actions = object.at("actions").get<std::vector<std::string>>();
    description.standard = object.at("standard").get<std::vector<std::string>>();
    for (const Json& game : object.at("games")) description.games.push_back(parse_game(game));
    for (const Json& option : object.at("options")) description.options.push_back(parse_option(option));
    return description;
  } catch (const Json::exception& error) {
    throw DeviceError("The description in {} cannot be read: {}. Ask those who made the library.", library,
                      error.what());
  }
}

}  // namespace srwm
