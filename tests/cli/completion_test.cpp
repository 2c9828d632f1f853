// What completion offers, and the manual page: both must have all that the parser knows.
#include "srwm/completion.h"

#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>

#include "cli/run_binary.h"
#include "cli/small_run.h"
#include "spec/fields.h"
#include "srwm/man_page.h"
#include "srwm/program.h"
#include "tasks/fewshot/fewshot_spec.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

struct Program {
  Program() { build_program(app); }
  std::vector<std::string> words(const std::vector<std::string>& line) const {
    std::vector<std::string> words;
    for (const Candidate& candidate : complete(app, line).candidates) words.push_back(candidate.word);
    return words;
  }
  CLI::App app;
};

using Words = std::vector<std::string>;

bool has(const Words& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// Calls check(words up to a command, command) for every command.
void for_each_command(const CLI::App& command, const Words& path, const auto& check) {
  check(path, command);
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    Words longer = path;
    longer.push_back(sub->get_name());
    for_each_command(*sub, longer, check);
  }
}

}  // namespace

TEST_CASE_METHOD(Program, "every command and option is offered, and stands in the manual", "[cli]") {
  std::string manual = man_page(app);
  std::erase(manual, '\\');  // of roff's escapes
  for_each_command(app, {}, [&](Words path, const CLI::App& command) {
    path.emplace_back("");
    const Words commands = words(path);
    path.back() = "--";
    const Words options = words(path);
    for (const CLI::App* sub : command.get_subcommands(nullptr)) {
      CAPTURE(path, sub->get_name());
      CHECK(has(commands, sub->get_name()));
      CHECK_THAT(manual, Contains(sub->get_description()));
    }
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_positional()) continue;
      CAPTURE(path, option->get_name());
      CHECK(has(options, option->get_name()));
    }
  });
  CHECK_THAT(manual, Contains("fB--num-episodesfR fIINTfR\nEpisodes;"));
  CHECK_THAT(manual, Contains(".SS srwm data glyphs") && Contains(".SH EXIT STATUS"));
}

TEST_CASE_METHOD(Program, "every key of the spec is offered after --set, and its named values after the =", "[cli]") {
  const Words keys = words({"train-fewshot", "--set", ""});
  const Words explained = words({"config", "explain", ""});
  for (const Field& field : fewshot_keys().fields()) {
    const std::string key(field.path);
    CAPTURE(key);
    CHECK(has(keys, key + "="));
    CHECK(has(explained, key));
    const Words values = words({"train-fewshot", "--set", key + "="});
    for (const std::string_view value : named_values(field.type)) CHECK(has(values, key + "=" + std::string(value)));
  }
  for (const Group& group : fewshot_keys().groups()) CHECK(has(explained, std::string(group.path)));
  CHECK(words({"bench", "--set=optim.schedule=con"}) == Words{"--set=optim.schedule=constant"});
  CHECK(words({"bench", "--set", "no.such=x"}).empty());
}

TEST_CASE_METHOD(Program, "options say which files they take", "[cli]") {
  CHECK(complete(app, {"train-fewshot", "--config", ""}).files == "*.json");
  CHECK(complete(app, {"train-fewshot", "--config=exp"}).files == "*.json");
  CHECK(complete(app, {"config", "check", "a.json", ""}).files == "*.json");
  CHECK(complete(app, {"config", "show", "a.json", ""}).files.empty());  // takes one
  CHECK(complete(app, {"eval", "--episodes-file", ""}).files == "*.h5");
  CHECK(complete(app, {"data", "inspect", ""}).files == "*.h5");
  CHECK(complete(app, {"data", "inspect", "--sheet", ""}).files == "*.png");
  CHECK(complete(app, {"eval", "--run", ""}).folders);
  CHECK(complete(app, {"report", ""}).folders);
  CHECK(complete(app, {"report", "experiments/omniglot_1shot", "exp"}).folders);
  CHECK(complete(app, {"sweep", ""}).files == "*.json");
  CHECK(complete(app, {"env", "list", "--library", ""}).files == "*.so");
  CHECK(complete(app, {"train-fewshot", "--seed", ""}).files.empty());
  CHECK(has(words({"data", "episodes", "--dataset", ""}), "glyphs"));
}

TEST_CASE("games, actions and settings are those of the library on the line", "[cli]") {
  // Of the installed program, which finds the library of the built-in games.
  const auto words = [](Words line) {
    line.insert(line.begin(), "__complete");
    Words found;
    std::istringstream lines(test::run_srwm(line).out);
    for (std::string each; std::getline(lines, each);) found.push_back(each.substr(0, each.find('\t')));
    return found;
  };
  CHECK(has(words({"env", "watch", "--game", ""}), "signpost"));
  CHECK(words({"env", "watch", "--game", "signpost,me"}) == Words{"signpost,melody"});
  CHECK(words({"env", "bench", "--game=la"}) == Words{"--game=labyrinth"});
  CHECK(words({"env", "watch", "--library", "procgen", "--game", "sta"}) == Words{"starpilot"});
  CHECK(words({"env", "watch", "--library=procgen", "--game", "sta"}) == Words{"starpilot"});
  CHECK(words({"env", "watch", "--library", SRWM_FAKE_ENV, "--game", ""}).empty());
  CHECK(words({"env", "watch", "--actions", "up,do"}) == Words{"up,down"});
  CHECK(has(words({"env", "watch", "--set", ""}), "frame_size="));
  CHECK(words({"env", "watch", "--set", "distribution_mode=h"}) == Words{"distribution_mode=hard"});
  CHECK(has(words({"env", "list", "--library", "p"}), "procgen"));
  CHECK(has(words({"train-rl", "--set", "env.library="}), "env.library=games"));
}

TEST_CASE_METHOD(Program, "lines that make no sense have no completions", "[cli]") {
  CHECK(words({"nothing", ""}).size() == words({""}).size());
  CHECK(words({"eval", "--nonsense=x"}).empty());
  CHECK(words({"eval", "--json=x"}).empty());
  CHECK(words({}).size() == words({""}).size());
}

TEST_CASE("the binary prints completions, scripts and manual", "[cli]") {
  CHECK(test::run_srwm({"__complete", "eval", "--spl"}).out ==
        "--split\tClasses to draw episodes from, default test; of an agent: train, test1, ..., default all\n");
  CHECK(test::run_srwm({"__complete", "eval", "--run", ""}).out == ":folders\n");
  CHECK_THAT(test::run_srwm({"completion", "bash"}).out, Contains("complete -F _srwm srwm"));
  CHECK_THAT(test::run_srwm({"completion", "zsh"}).out, Contains("#compdef srwm"));
  CHECK(test::run_srwm({"completion", "csh"}).exit_code == 2);
  CHECK_THAT(test::run_srwm({"man"}).out, Contains(".TH SRWM 1"));
}

TEST_CASE("the manual page is good roff", "[cli]") {
  if (!std::filesystem::exists("/usr/bin/groff")) {
    WARN("groff is not installed");
    return;
  }
  test::RunOptions options;
  options.input = test::run_srwm({"man"}).out;
  const test::RunResult result = test::run_program("/usr/bin/groff", {"-man", "-ww", "-z"}, options);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
}
