// What a library of environments offers: its games, actions and options. A library with the libenv interface cannot be
// asked, and ends the process when it meets an option it does not know, so everything is checked against its
// description first. ProcGen's is built in; ours, and anybody's, exports it as JSON from libenv_describe():
//
//   {"name": "srwm games", "actions": ["stay", "left"],
//    "standard": ["env_name", "num_levels", "start_level", "rand_seed", "num_threads"],
//    "games": [{"name": "maze", "summary": "Find the exit", "memory": false, "modes": ["easy", "hard"],
//               "best": [10, 10], "memoryless": [10, 10]}],
//    "options": [{"name": "frame_size", "default": 64, "min": 16, "max": 64, "meaning": "Height and width"},
//                {"name": "distribution_mode", "default": 0, "choices": {"easy": 0, "hard": 1}, "meaning": "..."},
//                {"name": "use_backgrounds", "default": true, "meaning": "..."}]}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace srwm {

/// The types that travel through libenv.
using EnvValue = std::variant<bool, std::int32_t, std::string>;

/// How a person writes the value.
std::string to_text(const EnvValue& value);

struct EnvGame {
  std::string name, summary;
  bool memory = false;             ///< whether something seen early in an episode decides later
  std::vector<std::string> modes;  ///< the choices of distribution_mode that it can be played in
  std::vector<double> best;        ///< per mode, the return of perfect play; empty: not known
  std::vector<double> memoryless;  ///< per mode, the most that an agent without memory can expect
};

struct EnvOptionRule {
  std::string name, meaning;
  EnvValue fallback;
  std::int32_t min = INT32_MIN, max = INT32_MAX;              ///< of an integer
  std::vector<std::pair<std::string, std::int32_t>> choices;  ///< words for integers; nothing else is allowed
};

struct EnvDescription {
  std::string name;
  std::vector<std::string> actions;   ///< in words, action 0 first
  std::vector<std::string> standard;  ///< which options of EnvRequest (env/request.h) the library takes
  std::vector<EnvGame> games;
  std::vector<EnvOptionRule> options;

  bool takes(std::string_view standard_option) const;
  /// UsageError naming the games there are.
  const EnvGame& game(std::string_view game_name) const;
  /// UsageError naming the nearest option.
  const EnvOptionRule& option(std::string_view option_name) const;
};

/// DeviceError, naming `library`, if the text is not a description.
EnvDescription parse_description(const std::string& json, const std::string& library);

}  // namespace srwm
