// Provokes every entry of the section "Agents" of docs/errors.md.
#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "errors/errors_page.h"
#include "rl/rl_fixture.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// `srwm eval` with these arguments.
void eval(ErrorSection& section, const std::filesystem::path& run, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"eval", "--run", run.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  CAPTURE(arguments);
  section.saw(run_srwm(arguments));
}

}  // namespace

TEST_CASE("errors about agents are those of docs/errors.md", "[cli]") {
  const TempDir dir;
  ErrorSection section("Agents");
  const RlSpec spec = small_rl_spec();
  const std::filesystem::path run = dir / "agent";
  srwm::test::train(spec, run, {.threads = 1}, 4);
  eval(section, run, {"--split", "test7"});
  eval(section, run, {"--batch", "3"});
  write_small_spec(dir.path());
  REQUIRE(train(dir.path(), "images", {"--set", "train.steps=1", "--set", "test.episodes=0"}).exit_code == 0);
  eval(section, dir / "images", {"--video", "films"});

  RlSpec without_levels = spec;
  without_levels.env.library = SRWM_FAKE_ENV;
  without_levels.env.games = {"works"};
  without_levels.env.settings = {};
  without_levels.test = {.episodes = 1, .envs = 1};
  without_levels.validation.every = 1;
  section.provoke([&] { srwm::test::train(without_levels, dir / "other"); });

  const std::filesystem::path latest = run / "checkpoints" / "latest.h5";
  Checkpoint broken = load_checkpoint(latest);
  for (NamedTensor& entry : broken.model) {
    if (entry.name == "policy.weight") std::ranges::fill(entry.tensor.span<float>(), 3e38f);
  }
  save_checkpoint(latest, broken);
  eval(section, run, {});
}
