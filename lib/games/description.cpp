#include "games/description.h"

#include <nlohmann/json.hpp>

#include "games/game.h"

namespace srwm::games {

std::string describe() {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const GameEntry& game : all_games()) {
    list.push_back({{"name", game.name},
                    {"summary", game.summary},
                    {"memory", game.memory},
                    {"modes", {"easy", "hard"}},
                    {"best", game.best},
                    {"memoryless", game.memoryless}});
  }
  const Json options = {{{"name", "distribution_mode"},
                         {"default", 0},
                         {"choices", {{"easy", 0}, {"hard", 1}}},
                         {"meaning", "Difficulty of the levels"}},
                        {{"name", "frame_size"},
                         {"default", 64},
                         {"choices", {{"16", 16}, {"32", 32}, {"64", 64}}},
                         {"meaning", "Height and width of the frames"}}};
  const Json standard = {"env_name", "num_levels", "start_level", "rand_seed", "num_threads"};
  return Json{
      {"name", "games"}, {"actions", action_names}, {"standard", standard}, {"games", list}, {"options", options}}
      .dump();
}

}  // namespace srwm::games
