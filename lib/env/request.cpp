#include "env/request.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace srwm {
namespace {

std::optional<std::int32_t> to_integer(const std::string& text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string allowed_values(const EnvOptionRule& rule) {
  if (std::holds_alternative<bool>(rule.fallback)) return "true or false";
  if (rule.choices.empty()) return fmt::format("an integer from {} to {}", rule.min, rule.max);
  std::vector<std::string> words;
  for (const auto& choice : rule.choices) words.push_back(choice.first);
  return fmt::format("one of {}", fmt::join(words, ", "));
}

std::optional<EnvValue> read_value(const EnvOptionRule& rule, const std::string& text) {
  if (std::holds_alternative<std::string>(rule.fallback)) return text;
  if (std::holds_alternative<bool>(rule.fallback)) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return std::nullopt;
  }
  if (!rule.choices.empty()) {
    const auto found = std::ranges::find(rule.choices, text, &std::pair<std::string, std::int32_t>::first);
    if (found == rule.choices.end()) return std::nullopt;
    return found->second;
  }
  const std::optional<std::int32_t> number = to_integer(text);
  if (!number || *number < rule.min || *number > rule.max) return std::nullopt;
  return *number;
}

EnvValue checked_value(const EnvDescription& description, const EnvSetting& setting) {
  const EnvOptionRule& rule = description.option(setting.name);
  std::optional<EnvValue> value = read_value(rule, setting.value);
  if (!value) {
    throw UsageError("{}'s option {} is '{}'; it must be {}.", description.name, setting.name, setting.value,
                     allowed_values(rule));
  }
  return *std::move(value);
}

void check_games(const EnvDescription& description, const EnvRequest& request) {
  if (request.games.empty()) throw UsageError("No game is named. '{}' has to know which to play.", description.name);
  for (const std::string& game : request.games) description.game(game);
}

void check_counts(const EnvDescription& description, const EnvRequest& request) {
  const auto games = static_cast<std::int32_t>(std::max<std::size_t>(1, request.games.size()));
  if (request.envs <= 0 || request.envs % games != 0) {
    throw UsageError(
        "{} environments cannot be shared out among {} games of {}: their number must be a multiple of it.",
        request.envs, games, description.name);
  }
  const std::int64_t end = std::int64_t{request.first_level} + request.levels;
  if (request.levels < 0 || request.first_level < 0 || end > INT32_MAX) {
    throw UsageError("Levels are numbered from 0 to {}; {} from {} on were asked for.", INT32_MAX, request.levels,
                     request.first_level);
  }
  if (request.levels == 0 && request.first_level != 0) {
    throw UsageError("0 levels means all of them, which begin at 0; the first was to be {}.", request.first_level);
  }
}

/// A game that cannot be played in a mode ends the process, so this is checked too.
void check_mode(const EnvDescription& description, const EnvRequest& request, const std::string& mode) {
  for (const std::string& name : request.games) {
    const EnvGame& game = description.game(name);
    if (game.modes.empty() || std::ranges::find(game.modes, mode) != game.modes.end()) continue;
    throw UsageError("{}'s {} has no {} mode; it has {}.", description.name, name, mode, fmt::join(game.modes, ", "));
  }
}

std::string word_for(const EnvOptionRule& rule, const EnvValue& value) {
  for (const auto& [word, number] : rule.choices) {
    if (value == EnvValue(number)) return word;
  }
  return to_text(value);
}

void add_standard_options(const EnvDescription& description, const EnvRequest& request,
                          const std::string& resource_root, std::vector<EnvOption>& options) {
  const auto add = [&](const char* name, EnvValue value) {
    if (description.takes(name)) options.push_back({name, std::move(value)});
  };
  add("env_name", fmt::format("{}", fmt::join(request.games, ",")));
  add("num_levels", request.levels);
  add("start_level", request.first_level);
  add("num_actions", static_cast<std::int32_t>(description.actions.size()));
  add("rand_seed", request.seed);
  add("num_threads", request.threads);
  add("resource_root", resource_root);
}

EnvValue value_by_looks(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (const std::optional<std::int32_t> number = to_integer(text)) return *number;
  return text;
}

}  // namespace

EnvSetting parse_setting(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw UsageError("'{}' is no setting of an environment; a setting is NAME=VALUE.", text);
  }
  return {text.substr(0, sign), text.substr(sign + 1)};
}

std::vector<EnvOption> resolve_options(const EnvDescription& description, const EnvRequest& request,
                                       const std::string& resource_root) {
  check_games(description, request);
  check_counts(description, request);
  std::vector<EnvOption> options;
  add_standard_options(description, request, resource_root, options);
  const std::size_t standard = options.size();
  for (const EnvOptionRule& rule : description.options) options.push_back({rule.name, rule.fallback});
  for (const EnvSetting& setting : request.settings) {
    EnvValue value = checked_value(description, setting);
    std::ranges::find(options.begin() + static_cast<std::ptrdiff_t>(standard), options.end(), setting.name,
                      &EnvOption::name)
        ->value = std::move(value);
  }
  for (const EnvOption& option : options) {
    if (option.name == "distribution_mode") {
      check_mode(description, request, word_for(description.option(option.name), option.value));
    }
  }
  return options;
}

std::vector<EnvOption> unchecked_options(const EnvRequest& request) {
  std::vector<EnvOption> options;
  if (!request.games.empty()) options.push_back({"env_name", fmt::format("{}", fmt::join(request.games, ","))});
  for (const EnvSetting& setting : request.settings) options.push_back({setting.name, value_by_looks(setting.value)});
  return options;
}

std::string to_text(const std::vector<EnvOption>& options) {
  std::string text;
  for (const EnvOption& option : options) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", option.name, to_text(option.value));
  }
  return text;
}

}  // namespace srwm
