// What somebody wants to play, and the options that a library is made with for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "env/description.h"

namespace srwm {

/// One of the library's own options, as text: "frame_size" "32".
struct EnvSetting {
  std::string name, value;
};

struct EnvRequest {
  std::vector<std::string> games;    ///< environment n plays game n mod games.size()
  std::int32_t envs = 1;             ///< a multiple of the number of games
  std::int32_t first_level = 0;      ///< levels first_level ... first_level + levels - 1
  std::int32_t levels = 0;           ///< 0: all of them
  std::int32_t seed = 0;             ///< which levels come in which order, and what else is random in them
  std::int32_t threads = 0;          ///< of the library's own pool; 0: the caller's thread does the steps
  std::vector<EnvSetting> settings;  ///< the rest keep their defaults
};

struct EnvOption {
  std::string name;
  EnvValue value;
};

/// "frame_size=32" as two texts. UsageError without '='.
EnvSetting parse_setting(const std::string& text);

/// Checks the request against the description and gives every option the library takes a value. `resource_root` is the
/// folder of its images, for libraries that take one. UsageError naming what is wrong and what is allowed.
std::vector<EnvOption> resolve_options(const EnvDescription& description, const EnvRequest& request,
                                       const std::string& resource_root);

/// For a library that does not describe itself: env_name if games are named, and the settings, typed by their looks:
/// true and false, integers, texts. Nothing is checked.
std::vector<EnvOption> unchecked_options(const EnvRequest& request);

/// "env_name=maze, num_levels=200, ..." for messages.
std::string to_text(const std::vector<EnvOption>& options);

}  // namespace srwm
