#include "env/request.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "env/procgen.h"

using namespace srwm;

namespace {

EnvRequest request_for(const std::string& game) {
  EnvRequest request;
  request.games = {game};
  return request;
}

}  // namespace

TEST_CASE("ProcGen gets every option it has, with the defaults of its Python interface") {
  EnvRequest request = request_for("bigfish");
  request.games.emplace_back("maze");
  request.envs = 4;
  request.levels = 200;
  request.settings = {{"distribution_mode", "hard"}, {"use_backgrounds", "false"}};
  CHECK(to_text(resolve_options(procgen_description(), request, "images/")) ==
        "env_name=bigfish,maze, num_levels=200, start_level=0, num_actions=15, rand_seed=0, num_threads=0, "
        "resource_root=images/, distribution_mode=1, center_agent=true, use_backgrounds=false, "
        "use_monochrome_assets=false, restrict_themes=false, use_generated_assets=false, paint_vel_info=false, "
        "use_sequential_levels=false, use_easy_jump=false, debug_mode=0");
}

TEST_CASE("what a library would end the process for is refused before") {
  const EnvDescription procgen = procgen_description();
  EnvRequest request = request_for("bigfish");
  const auto with_setting = [&](const std::string& setting) {
    EnvRequest changed = request;
    changed.settings = {parse_setting(setting)};
    return [=] { return resolve_options(procgen, changed, "images/"); };
  };
  CHECK_NOTHROW(with_setting("debug_mode=3")());
  CHECK_THROWS_WITH(with_setting("distribution_mode=memory")(),
                    "procgen's bigfish has no memory mode; it has easy, hard.");
  CHECK_THROWS_WITH(with_setting("distribution_mode=10")(),
                    "procgen's option distribution_mode is '10'; it must be one of easy, hard, extreme, memory.");
  CHECK_THROWS_WITH(with_setting("center_agnt=1")(),
                    Catch::StartsWith("procgen has no option 'center_agnt'. Did you mean "
                                      "center_agent?"));
  CHECK_THROWS_WITH(with_setting("debug_mode=4")(),
                    "procgen's option debug_mode is '4'; it must be an integer from 0 to 3.");
  CHECK_THROWS_AS(with_setting("num_levels=3")(), UsageError);  // that is the request's own
}

TEST_CASE("settings for a library that does not describe itself are typed by their looks") {
  EnvRequest request;
  for (const char* text : {"a=true", "b=-3", "c=4000000000", "d=x=y"}) request.settings.push_back(parse_setting(text));
  const std::vector<EnvOption> options = unchecked_options(request);
  CHECK(to_text(options) == "a=true, b=-3, c=4000000000, d=x=y");
  CHECK(std::holds_alternative<bool>(options[0].value));
  CHECK(std::holds_alternative<std::int32_t>(options[1].value));
  CHECK(std::holds_alternative<std::string>(options[2].value));
}
