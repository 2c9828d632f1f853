// Provokes every entry of the section "Command line" of docs/errors.md with the binary, as a user would.
#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "errors/errors_page.h"

using namespace srwm::test;

namespace {

/// Command lines with one mistake in each; none of them gets as far as reading or writing a file.
const std::vector<std::vector<std::string>> mistakes{
    {},
    {"evl"},
    {"train-fewshot"},
    {"train-fewshot", "--config"},
    {"train-fewshot", "--config", "a", "--config", "b"},
    {"train-fewshot", "--config", "a", "--threads", "0"},
    {"train-fewshot", "--config", "a", "--resume=x"},
    {"train-fewshot", "--config", "a", "--max-seconds", "nan"},
    {"train-fewshot", "--config", "a", "--seed", "-1"},
    {"train-fewshot", "--config", "a", "--data-dir", ""},
    {"train-fewshot", "--config", "a", "--seeds", "1,x"},
    {"train-fewshot", "--config", "a", "--seeds", "1-5000"},
    {"train-fewshot", "--config", "a", "--seeds", "1-3,2"},
    {"bench", "--suite", "everything"},
    {"bench", "--compare", "a.json"},
    {"bench", "--device", "gpu"},
    {"config", "explain", "--markdown", "train"},
    {"config", "explain", "trian"},
    {"eval"},
    {"eval", "--config", "a", "--run", "b"},
    {"data", "episodes", "--dataset", "glyphs", "--split", "all", "--out", "x.h5"},
    {"data", "glyphs", "--train-classes", "1000000", "--images", "1000000", "--out", "x.h5"},
};

void run(ErrorSection& section, const std::vector<std::string>& arguments) {
  CAPTURE(arguments);
  section.saw(run_srwm(arguments));
}

/// What the advice on the page makes of a mistake.
void follow(const std::vector<std::string>& arguments) {
  CAPTURE(arguments);
  const RunResult result = run_srwm(arguments);
  INFO("stderr: " << result.err);
  CHECK(result.exit_code == 0);
}

}  // namespace

TEST_CASE("errors about the command line are those of docs/errors.md", "[cli]") {
  ErrorSection section("Command line");
  for (const std::vector<std::string>& arguments : mistakes) run(section, arguments);
  follow({"config", "explain", "train"});
  follow({"config", "explain", "model.core.heads"});

  const TempDir folder;
  write_small_spec(folder.path());
  const std::string episodes = (folder / "episodes.h5").string(), run_folder = (folder / "run").string();
  REQUIRE(train(folder.path(), "run", {"--set", "train.steps=1", "--set", "test.episodes=0"}).exit_code == 0);
  REQUIRE(run_srwm({"data", "episodes", "--dataset", "glyphs", "--n-way", "3", "--episodes", "2", "--out", episodes})
              .exit_code == 0);
  run(section, {"eval", "--run", run_folder, "--split", "all"});
  run(section, {"eval", "--run", run_folder, "--set", "train.steps=3"});
  run(section, {"eval", "--config", (folder / "small.json").string()});
  run(section, {"eval", "--run", run_folder});
  follow({"eval", "--run", run_folder, "--split", "val", "--num-episodes", "2"});
  run(section, {"eval", "--run", run_folder, "--episodes-file", episodes, "--num-episodes", "3"});
  follow({"eval", "--run", run_folder, "--episodes-file", episodes, "--num-episodes", "2"});
  follow({"eval", "--run", run_folder, "--episodes-file", episodes});
  run(section, {"eval", "--run", run_folder, "--predictions", run_folder + "/checkpoints/latest.h5"});
  run(section, {"eval", "--run", run_folder, "--predictions", episodes + "x", "--video", episodes + "x"});
  section.saw(run_program("/bin/sh", {"-c", "\"$0\" config show \"$1\" >> \"$1\"", srwm_binary().string(),
                                      (folder / "small.json").string()}));
  run(section, {"data", "inspect", "~no_such_user/x.h5"});
}
