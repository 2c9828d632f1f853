#include "srwm/completion.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <variant>

#include <fmt/core.h>

#include "core/error.h"
#include "env/env_library.h"
#include "env/procgen.h"
#include "io/data_folders.h"
#include "tasks/task_table.h"
#include "train/value_names.h"

namespace srwm {
namespace {

/// Where the words before the cursor lead.
struct Position {
  const CLI::App* command;
  const CLI::Option* awaits_value = nullptr;  ///< the last word is an option that takes one
  std::size_t arguments = 0;                  ///< words that are neither options nor their values
};

bool takes_value(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_max() > 0;
}

bool is_option(std::string_view word) {
  return word.starts_with("--");
}

const CLI::App* find_command(const CLI::App& parent, const std::string& name) {
  const std::vector<const CLI::App*> commands = parent.get_subcommands(nullptr);
  const auto found = std::ranges::find_if(commands, [&](const CLI::App* c) { return c->get_name() == name; });
  return found == commands.end() ? nullptr : *found;
}

void advance(Position& position, const std::string& word) {
  if (position.awaits_value != nullptr) {
    position.awaits_value = nullptr;
  } else if (is_option(word)) {
    const CLI::Option* option = position.command->get_option_no_throw(word);
    if (takes_value(option)) position.awaits_value = option;  // "--name=value" is no option's name
  } else if (const CLI::App* command = find_command(*position.command, word); command != nullptr) {
    position = {command};
  } else {
    ++position.arguments;
  }
}

void offer(Completions& completions, std::string_view begun, std::string word, std::string_view meaning = {}) {
  if (word.starts_with(begun)) completions.candidates.push_back({std::move(word), std::string(meaning)});
}

void offer_commands(Completions& completions, const CLI::App& command, std::string_view begun) {
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    offer(completions, begun, sub->get_name(), sub->get_description());
  }
}

void offer_options(Completions& completions, const CLI::App& command, std::string_view begun) {
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      offer(completions, begun, "--" + name, option->get_description());
    }
  }
}

/// The description of the library of environments that the line names with --library, or of the built-in games. None of
/// somebody's own library: TAB should not run its code.
std::optional<EnvDescription> described_library(const std::vector<std::string>& words) {
  std::string name = EnvLibrary::games;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "--library" && i + 2 < words.size()) name = words[i + 1];
    if (words[i].starts_with("--library=")) name = words[i].substr(words[i].find('=') + 1);
  }
  if (name == EnvLibrary::procgen) return procgen_description();
  if (name != EnvLibrary::games) return std::nullopt;
  try {
    return EnvLibrary::open(name)->description();
  } catch (const Error&) {
    return std::nullopt;  // it is not where srwm was installed
  }
}

/// Names with commas between them: what stands before the last one is kept.
std::string before_last(const std::string& before, std::string_view begun) {
  const std::size_t comma = begun.rfind(',');
  return comma == std::string_view::npos || comma < before.size() ? before : std::string(begun.substr(0, comma + 1));
}

void offer_games(Completions& completions, const EnvDescription& library, const std::string& before,
                 std::string_view begun) {
  for (const EnvGame& game : library.games) {
    offer(completions, begun, before_last(before, begun) + game.name, game.summary);
  }
}

void offer_actions(Completions& completions, const EnvDescription& library, const std::string& before,
                   std::string_view begun) {
  for (const std::string& action : library.actions) offer(completions, begun, before_last(before, begun) + action);
}

/// "NAME=VALUE" of the library's options: names up to the '=', then the values that have names.
void offer_env_settings(Completions& completions, const EnvDescription& library, const std::string& before,
                        std::string_view begun) {
  for (const EnvOptionRule& rule : library.options) {
    const std::string name = before + rule.name + "=";
    if (!begun.starts_with(name)) {
      offer(completions, begun, name, rule.meaning);
      continue;
    }
    for (const auto& choice : rule.choices) offer(completions, begun, name + choice.first);
    if (!std::holds_alternative<bool>(rule.fallback)) continue;
    for (const char* value : {"true", "false"}) offer(completions, begun, name + value);
  }
}

void offer_libraries(Completions& completions, const std::string& before, std::string_view begun) {
  offer(completions, begun, before + EnvLibrary::games, "built in");
  offer(completions, begun, before + EnvLibrary::procgen, "fetched by data_scripts/get_procgen.py");
  completions.files = "*.so";
}

/// "{a,b,c}", alone or after a ':' -> a, b, c; empty for other types.
std::vector<std::string> listed_values(const std::string& type) {
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

void offer_datasets(Completions& completions, const std::string& before, std::string_view begun) {
  offer(completions, begun, before + "glyphs", "built-in generated characters");
  for (const std::filesystem::path& folder : data_folders("")) {
    std::error_code unreadable;
    for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
      if (entry.path().extension() == ".h5") offer(completions, begun, before + entry.path().stem().string());
    }
  }
  completions.files = "*.h5";
}

/// Groups and keys of the specs of all tasks; those that have one name, once.
void offer_keys(Completions& completions, std::string_view begun) {
  std::set<std::string_view> offered;
  for (const SpecKeys* keys : all_keys()) {
    for (const Group& group : keys->groups()) {
      if (offered.insert(group.path).second) offer(completions, begun, std::string(group.path), group.meaning);
    }
    for (const Field& field : keys->fields()) {
      if (offered.insert(field.path).second) offer(completions, begun, std::string(field.path), field.meaning);
    }
  }
}

/// The tasks whose specs a command takes: one for "train-<task>", else all.
std::vector<const SpecKeys*> keys_for(const CLI::App& command) {
  for (const SpecKeys* keys : all_keys()) {
    if (command.get_name() == fmt::format("train-{}", keys->task())) return {keys};
  }
  return {all_keys().begin(), all_keys().end()};
}

/// "KEY=VALUE": keys up to the '=', then the key's values.
void offer_settings(Completions& completions, const CLI::App& command, const std::string& before,
                    std::string_view begun) {
  const std::size_t equals = begun.find('=', before.size());
  std::set<std::string> offered;
  for (const SpecKeys* keys : keys_for(command)) {
    if (equals == std::string_view::npos) {
      for (const Field& field : keys->fields()) {
        const std::string word = fmt::format("{}{}=", before, field.path);
        if (offered.insert(word).second) offer(completions, begun, word, field.meaning);
      }
      continue;
    }
    const std::string_view path = begun.substr(before.size(), equals - before.size());
    const std::string setting(begun.substr(0, equals + 1));
    const Field* field = keys->find_field(path);
    if (field == nullptr) continue;
    for (const std::string_view value : named_values(field->type)) {
      const std::string word = setting + std::string(value);
      if (offered.insert(word).second) offer(completions, begun, word);
    }
    if (field->values == ValueHint::dataset) offer_datasets(completions, setting, begun);
    if (field->values == ValueHint::h5_file) completions.files = "*.h5";
    if (field->values == ValueHint::env_library) offer_libraries(completions, setting, begun);
  }
}

/// What the option takes (value_names.h). The name of a positional one is its type where it has no other.
std::string_view value_type_of(const CLI::Option& option) {
  static thread_local std::string type;
  type = option.get_type_name();
  const bool has_type = !type.empty() && !type.starts_with("TEXT");  // CLI11's own name
  if (option.get_positional() && !has_type) type = option.get_name(true);
  return std::string_view(type).substr(0, type.find(':'));
}

/// Values of `option`. `begun` is the whole word, the last of `words`; `before` its part before the value: "--set=" or
/// nothing.
void offer_values(Completions& completions, const CLI::App& command, const CLI::Option& option,
                  const std::string& before, std::string_view begun, const std::vector<std::string>& words) {
  const std::string_view name = value_type_of(option);
  for (const std::string& value : listed_values(option.get_type_name())) offer(completions, begun, before + value);
  if (name == takes::spec) completions.files = "*.json";
  if (name.starts_with("FILE")) completions.files = "*" + std::string(name.substr(4));
  if (name == takes::folder) completions.folders = true;
  if (name == takes::dataset) offer_datasets(completions, before, begun);
  if (name == takes::setting) offer_settings(completions, command, before, begun);
  if (name == takes::key) offer_keys(completions, begun);
  if (name == takes::library) offer_libraries(completions, before, begun);
  if (name != takes::game && name != takes::env_action && name != takes::env_setting) return;
  const std::optional<EnvDescription> library = described_library(words);
  if (!library) return;
  if (name == takes::game) offer_games(completions, *library, before, begun);
  if (name == takes::env_action) offer_actions(completions, *library, before, begun);
  if (name == takes::env_setting) offer_env_settings(completions, *library, before, begun);
}

/// The positional option that takes the next argument, or nullptr.
const CLI::Option* next_argument(const Position& position) {
  std::size_t left = position.arguments;
  for (const CLI::Option* option : position.command->get_options()) {
    if (!option->get_positional()) continue;
    const auto most = static_cast<std::size_t>(option->get_items_expected_max());
    if (left < most) return option;
    left -= most;
  }
  return nullptr;
}

/// "--name=beginning of a value".
Completions complete_attached_value(const CLI::App& command, const std::vector<std::string>& words) {
  const std::string& word = words.back();
  const std::size_t value = word.find('=') + 1;
  Completions completions;
  const CLI::Option* option = command.get_option_no_throw(word.substr(0, value - 1));
  if (takes_value(option)) offer_values(completions, command, *option, word.substr(0, value), word, words);
  return completions;
}

Completions complete_word(const Position& position, const std::vector<std::string>& words) {
  const std::string& word = words.back();
  Completions completions;
  if (is_option(word) || word == "-") {
    offer_options(completions, *position.command, word);
    return completions;
  }
  offer_commands(completions, *position.command, word);
  const CLI::Option* argument = next_argument(position);
  if (argument != nullptr) offer_values(completions, *position.command, *argument, "", word, words);
  const bool takes_only_options = argument == nullptr && position.command->get_subcommands(nullptr).empty();
  if (takes_only_options) offer_options(completions, *position.command, word);
  return completions;
}

}  // namespace

Completions complete(const CLI::App& program, const std::vector<std::string>& words) {
  if (words.empty()) return complete(program, {""});
  Position position{&program};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) advance(position, words[i]);
  const std::string& word = words.back();
  if (position.awaits_value != nullptr) {
    Completions completions;
    offer_values(completions, *position.command, *position.awaits_value, "", word, words);
    return completions;
  }
  if (is_option(word) && word.find('=') != std::string::npos) return complete_attached_value(*position.command, words);
  return complete_word(position, words);
}

std::string to_lines(const Completions& completions) {
  std::string text;
  for (const Candidate& candidate : completions.candidates) {
    text += fmt::format("{}\t{}\n", candidate.word, candidate.meaning);
  }
  if (!completions.files.empty()) text += fmt::format(":files {}\n", completions.files);
  if (completions.folders) text += ":folders\n";
  return text;
}

}  // namespace srwm
