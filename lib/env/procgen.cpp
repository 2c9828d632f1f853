#include "env/procgen.h"

#include <sstream>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "io/data_folders.h"
#include "io/file.h"

namespace srwm {
namespace {

/// "libenv.so" with its size in front, and so on: one line per file, written by get_procgen.py.
constexpr const char* list_of_files = "files.txt";

constexpr const char* procgen_json = R"({
  "name": "procgen",
  "actions": ["left+down", "left", "left+up", "down", "nothing", "up", "right+down", "right", "right+up",
              "d", "a", "w", "s", "q", "e"],
  "standard": ["env_name", "num_levels", "start_level", "num_actions", "rand_seed", "num_threads", "resource_root"],
  "games": [
    {"name": "bigfish", "summary": "Eat smaller fish, flee from bigger ones", "modes": ["easy", "hard"]},
    {"name": "bossfight", "summary": "Shoot the boss while its shield is down", "modes": ["easy", "hard"]},
    {"name": "caveflyer", "summary": "Fly through a cave to the friendly ship", "modes": ["easy", "hard", "memory"]},
    {"name": "chaser", "summary": "Collect orbs in a maze, chased by enemies", "modes": ["easy", "hard", "extreme"]},
    {"name": "climber", "summary": "Climb platforms, collect stars", "modes": ["easy", "hard"]},
    {"name": "coinrun", "summary": "Run and jump to the coin", "modes": ["easy", "hard"]},
    {"name": "dodgeball", "summary": "Hit enemies with balls, then leave", "modes": ["easy", "hard", "extreme", "memory"]},
    {"name": "fruitbot", "summary": "Steer through gaps, collect fruit", "modes": ["easy", "hard"]},
    {"name": "heist", "summary": "Collect keys, open locks, steal the gem", "modes": ["easy", "hard", "memory"]},
    {"name": "jumper", "summary": "Jump through a cave to the carrot", "modes": ["easy", "hard", "memory"]},
    {"name": "leaper", "summary": "Cross a road and a river", "modes": ["easy", "hard", "extreme"]},
    {"name": "maze", "summary": "Find the cheese in a maze", "modes": ["easy", "hard", "memory"]},
    {"name": "miner", "summary": "Dig for diamonds, dodge boulders", "modes": ["easy", "hard", "memory"]},
    {"name": "ninja", "summary": "Jump over ledges, throw stars", "modes": ["easy", "hard"]},
    {"name": "plunder", "summary": "Sink ships of the enemy's colour", "modes": ["easy", "hard"]},
    {"name": "starpilot", "summary": "Fly and shoot from left to right", "modes": ["easy", "hard", "extreme"]}
  ],
  "options": [
    {"name": "distribution_mode", "default": 0, "choices": {"easy": 0, "hard": 1, "extreme": 2, "memory": 10},
     "meaning": "Difficulty of the levels; not every game has every mode"},
    {"name": "center_agent", "default": true, "meaning": "The view follows the agent"},
    {"name": "use_backgrounds", "default": true, "meaning": "Draw the background, else black"},
    {"name": "use_monochrome_assets", "default": false, "meaning": "Rectangles of one colour instead of images"},
    {"name": "restrict_themes", "default": false, "meaning": "One image for each kind of object"},
    {"name": "use_generated_assets", "default": false, "meaning": "Generated textures instead of images"},
    {"name": "paint_vel_info", "default": false, "meaning": "Paint the agent's velocity into the corner"},
    {"name": "use_sequential_levels", "default": false, "meaning": "The next level follows without an end of the episode"},
    {"name": "use_easy_jump", "default": false, "meaning": "Coinrun with easier jumps"},
    {"name": "debug_mode", "default": 0, "min": 0, "max": 3, "meaning": "ProcGen's own"}
  ]
})";

std::filesystem::path folder_of_procgen(const std::string& data_dir) {
  std::string looked_at;
  for (const std::filesystem::path& folder : data_folders(data_dir)) {
    std::filesystem::path path = folder / "procgen";
    if (std::filesystem::is_directory(path)) return path;
    looked_at += (looked_at.empty() ? "" : ", ") + path.string();
  }
  throw DataError(
      "ProcGen was not found; looked for {}. 'data_scripts/get_procgen.py --out data/procgen' fetches it, or name the "
      "folder above it with --data-dir or $SRWM_DATA.",
      looked_at);
}

[[noreturn]] void report_incomplete(const std::filesystem::path& folder, const std::string& missing) {
  throw DataError(
      "ProcGen's folder {} is not whole: {} is missing or of another size. Make it anew: "
      "'data_scripts/get_procgen.py --out {}'.",
      folder.string(), missing, folder.string());
}

void check_files(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / list_of_files)) report_incomplete(folder, list_of_files);
  std::istringstream lines(read_text_file(folder / list_of_files));
  std::uintmax_t size = 0;
  std::string file;
  while (lines >> size && std::getline(lines >> std::ws, file)) {
    std::error_code error;
    if (std::filesystem::file_size(folder / file, error) != size) report_incomplete(folder, file);
  }
}

}  // namespace

ProcgenFiles find_procgen(const std::string& folder, const std::string& data_dir) {
  const std::filesystem::path place = folder.empty() ? folder_of_procgen(data_dir) : std::filesystem::path(folder);
  check_files(place);
  return {std::filesystem::absolute(place / "libenv.so"), std::filesystem::absolute(place / "assets")};
}

EnvDescription procgen_description() {
  return parse_description(procgen_json, "srwm itself");
}

}  // namespace srwm
