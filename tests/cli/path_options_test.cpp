// No command overwrites what it reads, whatever its options call it; and paths are what a shell user means.
#include "train/path_options.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "srwm/program.h"
#include "train/value_names.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;
using Words = std::vector<std::string>;

namespace {

/// Everything that `program` and its subcommands take.
void for_each_option(const CLI::App& program, const std::function<void(const CLI::App&, const CLI::Option&)>& use) {
  for (const CLI::Option* option : program.get_options()) use(program, *option);
  for (const CLI::App* sub : program.get_subcommands(nullptr)) for_each_option(*sub, use);
}

/// Whether the option's type, or the name of an argument, is one of a path.
bool names_path(const CLI::Option& option) {
  const std::string type = option.get_type_name().empty() ? option.get_name(true) : option.get_type_name();
  const std::set<std::string> types{takes::spec, takes::folder, takes::dataset, takes::library};
  return types.contains(type) || type.starts_with("FILE");
}

/// The ways in which a user may name `path` again.
std::vector<std::filesystem::path> other_names(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path(), name = path.filename();
  const std::filesystem::path hard = folder / ("hard-" + name.string()), soft = folder / ("soft-" + name.string());
  if (!std::filesystem::exists(hard)) std::filesystem::create_hard_link(path, hard);
  if (!std::filesystem::exists(soft)) std::filesystem::create_symlink(path, soft);
  return {path, folder / "." / name, folder / ".." / folder.filename() / name, hard, soft};
}

struct Outputs {
  TempDir folder;
  std::string in(const std::string& name) const { return (folder.path() / name).string(); }

  /// `command` with each name of `input` for what it writes: refused, and nothing changes.
  void check_refused(const std::string& input, const std::function<Words(const std::string&)>& command) {
    const std::string before = read_file(input);
    for (const std::filesystem::path& name : other_names(input)) {
      const Words words = command(name.string());
      CAPTURE(words);
      const RunResult result = run_srwm(words);
      CHECK(result.exit_code == 2);
      CHECK_THAT(result.err, Contains("this command reads that file") && Contains("would overwrite it"));
      const bool is_whole = read_file(input) == before;
      CHECK(is_whole);
      CHECK(result.out.empty());
    }
  }
};

}  // namespace

TEST_CASE("every option that takes a path is declared as one", "[cli]") {
  CLI::App program;
  build_program(program);
  int found = 0;
  for_each_option(program, [&](const CLI::App& command, const CLI::Option& option) {
    if (!names_path(option)) return;
    ++found;
    CAPTURE(command.get_name(), option.get_name());
    CHECK(is_path_option(option));
  });
  CHECK(found > 25);
}

TEST_CASE_METHOD(Outputs, "no output option overwrites an input", "[cli]") {
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run").exit_code == 0);
  REQUIRE(run_srwm({"data", "glyphs", "--out", in("mine.h5"), "--train-classes", "6", "--images", "4"}).exit_code == 0);
  REQUIRE(run_srwm({"data", "episodes", "--dataset", "glyphs", "--n-way", "3", "--episodes", "4", "--out", in("e.h5")})
              .exit_code == 0);
  const std::string best = in("run/checkpoints/best.h5");
  SECTION("eval") {
    check_refused(best, [&](const std::string& out) {
      return Words{"eval", "--run", in("run"), "--num-episodes", "20", "--predictions", out};
    });
    check_refused(best, [&](const std::string& out) {
      return Words{"eval", "--predictions", out, "--checkpoint", best};
    });
    check_refused(in("e.h5"), [&](const std::string& out) {
      return Words{"eval", "--run", in("run"), "--episodes-file", in("e.h5"), "--predictions", out};
    });
    // What else is in the run folder is read from it as well.
    for (const char* file : {"result.json", "spec.json", "metrics.jsonl", "checkpoints/latest.h5"}) {
      check_refused(in("run/" + std::string(file)), [&](const std::string& out) {
        return Words{"eval", "--run", in("run"), "--predictions", out};
      });
    }
    const RunResult result = run_srwm({"eval", "--run", in("run"), "--predictions", in("run/predictions.h5")});
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(run_srwm({"eval", "--run", in("run"), "--predictions", in("run/predictions.h5")}).exit_code == 0);
  }
  SECTION("data") {
    check_refused(in("mine.h5"), [&](const std::string& out) {
      return Words{"data", "episodes", "--dataset", in("mine.h5"), "--out", out};
    });
    check_refused(in("mine.h5"), [&](const std::string& out) {
      return Words{"data", "episodes", "--dataset", "mine", "--data-dir", folder.path().string(), "--out", out};
    });
    check_refused(in("mine.h5"), [&](const std::string& out) {
      return Words{"data", "inspect", in("mine.h5"), "--sheet", out};
    });
  }
  SECTION("a temporary file of the output is an input") {
    std::filesystem::copy_file(in("mine.h5"), in("x.h5.tmp"));
    const std::string before = read_file(in("x.h5.tmp"));
    CHECK(run_srwm({"data", "inspect", in("x.h5.tmp"), "--sheet", in("x.h5")}).exit_code == 2);
    CHECK(read_file(in("x.h5.tmp")) == before);
  }
  SECTION("bench") {
    write_text(in("a.json"), "{}");
    check_refused(in("a.json"), [&](const std::string& out) {
      return Words{"bench", "--compare", in("a.json"), in("a.json"), "--out", out};
    });
    check_refused(in("small.json"), [&](const std::string& out) {
      return Words{"bench", "--suite", "data", "--seconds", "0.01", "--config", in("small.json"), "--out", out};
    });
  }
  SECTION("env") {
    std::filesystem::copy_file(SRWM_FAKE_ENV, in("lib.png"));
    check_refused(in("lib.png"), [&](const std::string& out) {
      return Words{"env", "watch", "--library", in("lib.png"), "--steps", "2", "--out", out};
    });
    RunOptions there;
    there.folder = folder.path();
    std::filesystem::rename(in("lib.png"), in("frames.png"));  // the output that is not named
    CHECK(run_srwm({"env", "watch", "--library", "./frames.png", "--steps", "2"}, there).exit_code == 2);
  }
  SECTION("pictures in a folder") {
    std::filesystem::create_directories(in("films/test1/a"));
    std::filesystem::copy_file(SRWM_FAKE_ENV, in("films/test1/a/00000.png"));
    const RunResult result = run_srwm({"env", "watch", "--library", in("films/test1/a/00000.png"), "--steps", "2",
                                       "--out", in("films/test1/../../films")});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("would overwrite it"));
    CHECK(run_srwm({"env", "watch", "--library", SRWM_FAKE_ENV, "--steps", "2", "--out", in("films")}).exit_code == 0);
  }
  SECTION("standard output") {
    const std::string before = read_file(in("small.json"));
    const RunResult result = run_program(
        "/bin/sh", {"-c", "exec \"$0\" config show \"$1\" >> \"$1\"", srwm_binary().string(), in("small.json")});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("Standard output goes to the file"));
    CHECK(read_file(in("small.json")) == before);
  }
  SECTION("two outputs") {
    const RunResult result = run_srwm({"eval", "--run", in("run"), "--predictions", in("p"), "--video", in("p")});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("writes as well"));
  }
}

TEST_CASE_METHOD(Outputs, "an output that cannot be written is refused before anything is computed", "[cli]") {
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run").exit_code == 0);
  const auto eval = [&](const std::string& out) {
    return run_srwm({"eval", "--run", in("run"), "--predictions", out});
  };
  CHECK(eval(in("no/such/folder/p.h5")).exit_code == 3);
  CHECK_THAT(eval(in("no/such/folder/p.h5")).err, Contains("no such file or folder"));
  CHECK_THAT(eval(in("run")).err, Contains("would overwrite it"));
  std::filesystem::create_directory(in("empty"));
  CHECK_THAT(eval(in("empty")).err, Contains("it is a folder"));
  const RunResult films = run_srwm({"eval", "--run", in("run"), "--video", in("small.json")});
  CHECK(films.exit_code == 3);
  CHECK_THAT(films.err, Contains("Cannot create the folder"));
}

TEST_CASE_METHOD(Outputs, "a run overwrites nothing that it is given", "[cli]") {
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run", {"--set", "checkpoint.keep=2"}).exit_code == 0);
  const auto refusal = [&](const Words& arguments) {
    Words words{"train-fewshot", "--threads", "1"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const RunResult result = run_srwm(words);
    CAPTURE(words);
    CHECK(result.exit_code == 2);
    return result.err;
  };
  std::filesystem::create_directories(in("new/checkpoints"));
  std::filesystem::copy_file(in("run/checkpoints/latest.h5"), in("new/checkpoints/step-8.h5"));
  CHECK_THAT(
      refusal({"--config", in("small.json"), "--init-from", in("new/checkpoints/step-8.h5"), "--run-dir", in("new")}),
      Contains("would overwrite it"));
  std::filesystem::create_directory(in("other"));
  std::filesystem::create_hard_link(in("small.json"), in("other/log.txt"));
  CHECK_THAT(refusal({"--config", in("small.json"), "--run-dir", in("other")}), Contains("would overwrite it"));
  CHECK_THAT(refusal({"--config", in("small.json"), "--run-dir", in("run/checkpoints")}), Contains("inside"));
  CHECK_THAT(refusal({"--config", in("small.json"), "--run-dir", in("run/deep/er")}), Contains("inside"));
  CHECK_THAT(refusal({"--config", in("small.json"), "--run-dir", folder.path().string()}),
             Contains("contains another run"));
  // Its own spec, and a result that it made, are no reason against going on.
  CHECK(run_srwm({"train-fewshot", "--config", in("run/spec.json"), "--run-dir", in("run"), "--resume", "--set",
                  "train.steps=32", "--threads", "1"})
            .exit_code == 0);
}

TEST_CASE_METHOD(Outputs, "home folders: ~ is one where no shell has seen to it", "[cli]") {
  RunOptions at_home;
  at_home.folder = folder.path() / "elsewhere";
  at_home.environment["HOME"] = folder.path().string();
  std::filesystem::create_directory(at_home.folder);
  write_small_spec(folder.path());
  const auto run = [&](const Words& words) { return run_srwm(words, at_home); };
  CHECK(run({"train-fewshot", "--config=~/small.json", "--run-dir=~/x", "--threads=1"}).exit_code == 0);
  CHECK(std::filesystem::exists(in("x/DONE")));
  CHECK(std::filesystem::is_empty(at_home.folder));
  CHECK(run({"data", "glyphs", "--out=~/mine.h5", "--train-classes", "12", "--val-classes", "5", "--test-classes", "5",
             "--images", "4"})
            .exit_code == 0);
  // In a spec, and in $SRWM_DATA, which a batch system may set.
  CHECK(run({"train-fewshot", "--config=~/small.json", "--run-dir=~/y", "--threads=1", "--set",
             "data={\"dataset\": \"~/mine.h5\"}"})
            .exit_code == 0);
  at_home.environment["SRWM_DATA"] = "~";
  CHECK(run({"data", "episodes", "--dataset", "mine", "--n-way", "3", "--out=~/e.h5"}).exit_code == 0);
  CHECK(run({"train-fewshot", "--config=~/small.json", "--run-dir=~/z", "--threads=1", "--set",
             "data.train_episodes=~/e.h5"})
            .exit_code == 0);
  std::filesystem::copy_file(SRWM_FAKE_ENV, in("lib.so"));
  CHECK(run({"env", "list", "--library=~/lib.so"}).exit_code == 0);
  const RunResult nobody = run({"data", "inspect", "~no_such_user/x.h5"});
  CHECK(nobody.exit_code == 2);
  CHECK_THAT(nobody.err, Contains("there is no user 'no_such_user'"));
  // Unless a file has that very name.
  std::filesystem::copy_file(in("mine.h5"), at_home.folder / "~mine.h5");
  CHECK(run({"data", "inspect", "~mine.h5"}).exit_code == 0);
}

TEST_CASE_METHOD(Outputs, "names that are not UTF-8 are printed and put into JSON as text", "[cli]") {
  const std::string odd = folder.path().string() + "/caf\xe9";
  std::filesystem::create_directory(odd);
  write_small_spec(odd);
  REQUIRE(train(odd, "run\xff").exit_code == 0);
  const RunResult evaluated = run_srwm({"eval", "--run", odd + "/run\xff", "--json", "--threads", "1"});
  INFO(evaluated.err);
  REQUIRE(evaluated.exit_code == 0);
  CHECK_THAT(nlohmann::json::parse(evaluated.out).at("checkpoint").get<std::string>(),
             Contains("/caf\\xe9/run\\xff/checkpoints/best.h5"));
  const RunResult missing = run_srwm({"data", "inspect", odd + "/none.h5"});
  CHECK_THAT(missing.err, Contains("/caf\\xe9/none.h5"));
  std::filesystem::create_directory(odd + "/table");
  std::filesystem::copy_file(odd + "/small.json", odd + "/table/small.json");
  const RunResult report = run_srwm({"report", odd + "/table", "--runs-dir", odd, "--format", "json"});
  INFO(report.err);
  CHECK(report.exit_code == 0);
  CHECK_THAT(nlohmann::json::parse(report.out).at("folder").get<std::string>(), Contains("caf\\xe9"));
  const RunResult commands = run_srwm({"report", odd + "/table", "--runs-dir", odd, "--format", "commands"});
  CHECK_THAT(commands.out, Contains("--config '") && Contains("caf\xe9/table/small.json'"));
}
