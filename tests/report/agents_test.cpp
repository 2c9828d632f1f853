// Tables and sweeps of agents: which figures stand where, games by themselves, what is refused.
#include <catch2/catch.hpp>

#include "core/error.h"
#include "io/file.h"
#include "report/report_text.h"
#include "report/sheet.h"
#include "report/sweep.h"
#include "report/table_files.h"
#include "tasks/rl/rl_spec.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;
using nlohmann::ordered_json;

namespace {

constexpr const char* both_games = R"("env": {"library": "procgen", "games": ["maze", "leaper"]})";

/// A table of agents in a folder of its own, with runs that were never played.
struct AgentTable {
  AgentTable() {
    write_spec("a", both_games);
    write_spec("b", both_games);
    write_table(R"("rows": {"a": "A", "b": "B"})");
  }

  void write_spec(const std::string& row, const std::string& more) const {
    write(folder / (row + ".json"),
          fmt::format(R"({{"task": "rl", "name": "agent-{}", "test": {{"first_levels": [1000, 1200]}}, {}}})", row,
                      more));
  }
  void write_table(const std::string& more) const {
    write(folder / "table.json", R"({"title": "Agents", "seeds": [1, 2], )" + more + "}");
  }
  Report report() const { return make_report(load_table(folder), runs); }
  std::string refusal() const {
    try {
      load_table(folder);
    } catch (const SpecError& error) {
      return error.what();
    }
    return "valid";
  }

  /// A complete run of the row, changed by `overrides`. Every split has the mean return `mean` of each game, plus 1 on
  /// the training levels, and its interval; `normalized` is what such returns count, by the paper and by the code.
  void finish(const std::string& row, int seed, double mean, std::vector<std::string> overrides = {},
              std::optional<std::pair<double, double>> normalized = std::nullopt) const {
    overrides.push_back(fmt::format("seed={}", seed));
    const RlSpec spec = load_rl_spec(folder / (row + ".json"), overrides);
    ordered_json result = {
        {"wall_seconds", 60}, {"data_digest", nullptr}, {"spec", ordered_json::parse(to_json(spec))}};
    for (const std::string section : {"test", "train", "test1", "test2"}) {
      const double value = section == "train" ? mean + 1 : mean;
      for (const std::string& game : spec.env.games) add_estimate(result[section], game, {value, 0.5});
      add_estimate(result[section], "mean_return", {value, 0.25});
      if (!normalized) continue;
      add_estimate(result[section], "normalised_paper", {normalized->first, 0.125});
      add_estimate(result[section], "normalised_code", {normalized->second, 0.125});
    }
    write(runs / fmt::format("{}-s{}", spec.name, seed) / "result.json", result.dump());
    write(runs / fmt::format("{}-s{}", spec.name, seed) / "DONE", "");
  }

  TempDir dir;
  std::filesystem::path folder = dir / "tables/agents", runs = dir / "runs";
};

std::vector<std::string> titles_of(const Report& report) {
  std::vector<std::string> titles;
  for (const Sheet& sheet : sheets_of(report)) titles.push_back(sheet.title);
  return titles;
}

}  // namespace

TEST_CASE("agents without normalized scores are told apart by their mean return", "[report]") {
  const AgentTable table;
  table.finish("a", 1, 2);
  table.finish("a", 2, 4);
  const Report report = table.report();
  CHECK(report.headline() == Measure{"test", "mean_return"});
  CHECK(titles_of(report) == std::vector<std::string>{"Mean return, mean over games", "Mean return, all tests",
                                                      "Mean return, train", "Mean return, test 1",
                                                      "Mean return, test 2"});
  CHECK_THAT(to_markdown({report}),
             Contains("| n | train | test 1 | test 2 | all tests |") &&
                 Contains("| A | 2 of 2 | 4.00 | 3.00 | 3.00 | 3.00 | 1.41 | ±0.25 | – | – | 1 min 00 s |") &&
                 Contains("|  | maze | leaper | mean |\n") &&
                 Contains("| A | 4.00 ±0.50 (1.41) | 4.00 ±0.50 (1.41) | 4.00 ±0.25 (1.41) |") &&
                 Contains("| B | – | – | – |"));
}

TEST_CASE("results with the old name of the split train are read", "[report]") {
  const AgentTable table;
  table.finish("a", 1, 2);
  const std::filesystem::path path = table.runs / "agent-a-s1/result.json";
  auto result = ordered_json::parse(read_text_file(path));
  CHECK(table.report().rows.front().figure({"train", "mean_return"}).mean == 3);
  result["train_levels"] = result["train"];
  result.erase("train");
  write(path, result.dump());
  CHECK(table.report().rows.front().figure({"train", "mean_return"}).mean == 3);
}

TEST_CASE("a result of a library without levels has no test splits, and counts", "[report]") {
  const AgentTable table;
  table.finish("a", 1, 2);
  const std::filesystem::path path = table.runs / "agent-a-s1/result.json";
  auto result = ordered_json::parse(read_text_file(path));
  for (const char* split : {"test", "test1", "test2"}) result.erase(split);
  write(path, result.dump());
  CHECK(table.report().rows.front().runs.front().state.status == RunStatus::broken);  // it may have lost them
  result["splits"] = {"train"};
  write(path, result.dump());
  const RowReport row = table.report().rows.front();
  CHECK(row.runs.front().state.status == RunStatus::complete);
  CHECK(row.figure({"train", "mean_return"}).mean == 3);
  CHECK_FALSE(row.figure({"test", "mean_return"}).mean);
}

TEST_CASE("normalized scores stand for agents where they are known; other constants only where they differ",
          "[report]") {
  const AgentTable table;
  table.write_spec("a", std::string(both_games) + R"(, "figures": {"published": 0.2, "source": "them"})");
  table.finish("a", 1, 2, {}, std::pair(-0.125, -0.125));
  CHECK(table.report().headline() == Measure{"test", "normalised_paper"});
  CHECK_THAT(to_markdown({table.report()}),
             Contains("### Normalized score, mean over games, %") &&
                 Contains("| A | 1 of 2 | -12.50 | -12.50 | -12.50 | -12.50 | – | ±12.50 | – | 20.00 |") &&
                 !Contains("constants of the published code"));
  table.finish("b", 1, 2, {}, std::pair(0.25, 0.5));
  CHECK_THAT(to_markdown({table.report()}),
             Contains("constants of the published code") && Contains("| B | 50.00 ±12.50 | 50.00 ±12.50 |"));
  CHECK_THAT(to_csv({table.report()}), Contains(",test,normalised_paper,1,2,-0.125,,0.125,,0.2,them,\n") &&
                                           Contains(",test1,maze,1,2,2,,0.5,,,,\n"));
  const auto json = ordered_json::parse(to_json({table.report()}));
  CHECK(json.at("headline").at("figure") == "normalised_paper");
  CHECK(json.at("rows").at(1).at("figures").at("test2").at("leaper").at("mean") == 2);
  CHECK(json.at("rows").at(1).at("runs").at(0).at("figures").at("test").at("maze_ci95") == 0.5);
  CHECK_THAT(to_latex({table.report()}),
             Contains("\\caption{Agents. Normalized score, mean over games, \\%. Published figures: them.}") &&
                 Contains("\\begin{tabular}{@{}lrrrr"));
}

TEST_CASE("a run of an agent that is missing comes from train-rl", "[report]") {
  const AgentTable table;
  CHECK_THAT(to_commands({table.report()}),
             Contains(fmt::format("srwm train-rl --config {} --seed 2 --run-dir {} --resume\n",
                                  (table.folder / "b.json").string(), (table.runs / "agent-b-s2").string())));
}

TEST_CASE("threads of the environments do not make another spec", "[report]") {
  const AgentTable table;
  table.finish("a", 1, 2, {"env.threads=3"});
  table.finish("a", 2, 2, {"env.actors=4"});
  const RowReport a = table.report().rows.at(0);
  CHECK(a.complete == 1);
  CHECK(a.runs.at(1).state.remark == "env.actors is 4 there");
}

TEST_CASE("an agent's result without a split does not count", "[report]") {
  const AgentTable table;
  table.finish("a", 1, 2);
  const std::filesystem::path path = table.runs / "agent-a-s1/result.json";
  auto result = ordered_json::parse(read_text_file(path));
  result.erase("test2");
  write(path, result.dump());
  CHECK(table.report().rows.at(0).runs.at(0).state.remark == "result.json has no test2 mean_return");
}

TEST_CASE("each spec is run on each game of a table with games, and a seed counts when all are there", "[report]") {
  const AgentTable table;
  table.write_table(R"("rows": {"a": "A"}, "games": ["maze", "leaper"])");
  const auto finish = [&](const std::string& game, int seed, double mean, double normalized) {
    table.finish("a", seed, mean, {fmt::format("env.games=[\"{}\"]", game), "name=agent-a_" + game},
                 std::pair(normalized, normalized));
  };
  finish("maze", 1, 4, 0.5);
  finish("leaper", 1, 6, 0.25);
  finish("maze", 2, 8, 0.75);
  const Report report = table.report();
  const RowReport& row = report.rows.at(0);
  CHECK(row.complete == 3);
  CHECK(row.runs.size() == 4);
  CHECK(row.figure({"test1", "maze"}).n == 2);
  CHECK(row.figure({"test1", "maze"}).mean == 6);
  CHECK(row.figure({"test1", "leaper"}).mean == 6);
  const Summary normalized = row.figure({"test", "normalised_paper"});
  CHECK(normalized.n == 1);
  CHECK(normalized.mean == 0.375);
  CHECK(normalized.ci95.value() == Approx(std::sqrt(2 * 0.125 * 0.125) / 2));
  CHECK_THAT(
      to_commands({report}),
      Contains(fmt::format("--seed 2 --run-dir {} --set 'env.games=[\"leaper\"]' --set name=agent-a_leaper --resume",
                           (table.runs / "agent-a_leaper-s2").string())));
  CHECK_THAT(to_markdown({report}), Contains("# A, leaper, seed 2: not run") && Contains("| A | 3 of 4 |"));
}

TEST_CASE("returns of others stand beside those of the tests, scores in the main table", "[report]") {
  const AgentTable table;
  table.write_table(R"("rows": {"a": "A"}, "others": {"PPO": {"maze": 5.77}, "X": 0.2}, "others_source": "them")");
  CHECK_THAT(to_markdown({table.report()}), Contains("| X | – | – | – | – | – | – | – | – | 20.00 | – |\n") &&
                                                Contains("### Mean return, all tests") &&
                                                Contains("| PPO | 5.77 | – | – |") && !Contains("| X | – | – | – |\n"));
  CHECK_THAT(to_csv({table.report()}), Contains("PPO,,test,maze,,,,,,,5.77,them,\n"));
}

TEST_CASE("mistakes in a table of agents are told", "[table]") {
  const AgentTable table;
  const auto refusal = [&](const std::string& more) {
    table.write_table(R"("rows": {"a": "A"}, "others_source": "them", )" + more);
    return table.refusal();
  };
  CHECK(refusal(R"("games": ["maze"])") == "valid");
  CHECK_THAT(refusal(R"("games": "maze")"), Contains("games: must be a list of names of games; found \"maze\"."));
  CHECK_THAT(refusal(R"("others": {"PPO": {"mace": 1}})"),
             Contains("others.PPO.mace: No row of the table has such a figure. There are: "));
  CHECK_THAT(refusal(R"("others": {"PPO": {"maze": "x"}})"), Contains("others.PPO.maze: must be a number"));
  CHECK_THAT(refusal(R"("others": {"PPO": 20})"),
             Contains("others.PPO: must be a fraction from 0 to 1, or an object of games and mean returns; found 20."));
}

TEST_CASE("a table holds specs of one task", "[table]") {
  const AgentTable table;
  write(table.folder / "few.json", R"({"name": "few"})");
  table.write_table(R"("rows": {"a": "A", "few": "few"})");
  const std::string sentence =
      "few.json: is a spec for srwm train-fewshot, but a.json is one for srwm train-rl; give each kind a table of its "
      "own.";
  CHECK_THAT(table.refusal(), Contains(sentence));
  std::filesystem::remove(table.folder / "table.json");
  CHECK_THAT(table.refusal(), Contains(sentence));
  write(table.folder / "table.json", R"({"title": "x", "games": ["maze"], "rows": {"few": "few"}})");
  CHECK_THAT(table.refusal(), Contains("games: has no meaning here"));
}

TEST_CASE("a sweep of agents is ordered by the split train", "[sweep]") {
  const AgentTable table;
  write(table.folder / "sweep.json", R"({"name": "s", "base": "a.json", "grid": {"optim.rate": [0.1, 0.01, 0.001]}})");
  const Sweep sweep = load_sweep(table.folder / "sweep.json");
  CHECK(sweep.kind == "rl");
  table.finish("a", 1, 2, sweep.task(1).overrides);
  table.finish("a", 1, 4, sweep.task(2).overrides);
  std::vector<SweepOutcome> outcomes;
  for (int number = 1; number <= 3; ++number) outcomes.push_back(find_outcome(sweep, number, table.runs));
  CHECK(summarise(sweep, outcomes) ==
        " task           train      test  settings\n"
        "    2            5.00      4.00  optim.rate=0.01\n"
        "    1            3.00      2.00  optim.rate=0.1\n"
        "    3               -         -  optim.rate=0.001  (not run)\n");
  write(table.folder / "sweep.json", R"({"name": "s", "base": "a.json", "grid": {"task": ["rl", "fewshot"]}})");
  CHECK_THROWS_WITH(load_sweep(table.folder / "sweep.json"), Contains("grid.task: cannot vary within a sweep"));
}
