// The tasks of a sweep, and what has become of them.
#include "report/sweep.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "report/table_files.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* two_by_two = R"({"name": "s", "base": "a.json", "fixed": {"test.episodes": 0},
  "grid": {"model.core.layers": [1, 3], "optim": [{"rate": 0.01}, {"schedule": "transformer_warmup"}]}})";

std::filesystem::path write_sweep(const TableFiles& files, const std::string& text = two_by_two) {
  write(files.table() / "sweep.json", text);
  return files.table() / "sweep.json";
}

std::string refusal(const TableFiles& files, const std::string& text) {
  try {
    load_sweep(write_sweep(files, text));
  } catch (const SpecError& error) {
    return error.what();
  }
  return "valid";
}

}  // namespace

TEST_CASE("every combination is a task, the last axis fastest", "[sweep]") {
  const TableFiles files;
  const Sweep sweep = load_sweep(write_sweep(files));
  REQUIRE(sweep.size() == 4);
  CHECK(list_tasks(sweep) ==
        "    1  s-001  model.core.layers=1 optim={\"rate\":0.01}\n"
        "    2  s-002  model.core.layers=1 optim={\"schedule\":\"transformer_warmup\"}\n"
        "    3  s-003  model.core.layers=3 optim={\"rate\":0.01}\n"
        "    4  s-004  model.core.layers=3 optim={\"schedule\":\"transformer_warmup\"}\n");
  const SweepTask task = sweep.task(3);
  const ExperimentSpec spec = load_spec(sweep.base, task.overrides);
  CHECK(spec.name == "s-003");
  CHECK(spec.model.core.layers == 3);
  CHECK(spec.optim.rate == 0.01);
  CHECK(spec.test.episodes == 0);
  CHECK_THROWS_AS(sweep.task(0), UsageError);
  CHECK_THROWS_WITH(sweep.task(5), "There is no task 5: the sweep has tasks 1 to 4.");
}

TEST_CASE("the summary has the best validation accuracy on top", "[sweep]") {
  const TableFiles files;
  Sweep sweep = load_sweep(write_sweep(files));
  sweep.seeds = {5};
  const auto finish = [&](int number, double validation) {
    const SweepOutcome outcome = find_outcome(sweep, number, files.runs());
    CHECK(outcome.run.folder == files.runs() / fmt::format("s-00{}-s5", number));
    const ExperimentSpec spec = load_spec(sweep.base, outcome.task.overrides);
    const nlohmann::json result = {{"validation", {{"accuracy", validation}, {"step", 1}}},
                                   {"wall_seconds", 1},
                                   {"data_digest", "d"},
                                   {"spec", nlohmann::json::parse(to_json(spec))}};
    write(outcome.run.folder / "result.json", result.dump());
    write(outcome.run.folder / "DONE", "");
  };
  finish(2, 0.5);
  finish(4, 0.75);
  std::vector<SweepOutcome> outcomes;
  for (int number = 1; number <= 4; ++number) outcomes.push_back(find_outcome(sweep, number, files.runs()));
  const std::string text = summarise(sweep, outcomes);
  CHECK_THAT(text, Contains("    4           75.00         -  model.core.layers=3"));
  CHECK(text.find("    4  ") < text.find("    2  "));
  CHECK(text.find("    2  ") < text.find("    1  "));
  CHECK_THAT(text, Contains("(not run)"));
  const auto json = nlohmann::json::parse(to_json(sweep, outcomes));
  REQUIRE(json.size() == 4);
  CHECK(json[3].at("validation") == 0.75);
  CHECK(json[0].at("status") == "not run");
  CHECK(json[1].at("name") == "s-002");
}

TEST_CASE("each combination runs with every seed, the seeds fastest", "[sweep]") {
  const TableFiles files;
  const Sweep sweep = load_sweep(write_sweep(files, R"({"name": "s", "base": "a.json", "seeds": [7, 9],
    "grid": {"train.batch": [1, 2]}})"));
  CHECK(sweep.combinations() == 2);
  CHECK(list_tasks(sweep) ==
        "    1  s-001  train.batch=1 seed=7\n"
        "    2  s-001  train.batch=1 seed=9\n"
        "    3  s-002  train.batch=2 seed=7\n"
        "    4  s-002  train.batch=2 seed=9\n");
  CHECK(find_outcome(sweep, 4, files.runs()).run.folder == files.runs() / "s-002-s9");
}

TEST_CASE("random trials draw from lists and ranges, the same for the same seed", "[sweep]") {
  const TableFiles files;
  const auto trials = [&](const std::string& draw_seed) {
    const Sweep sweep = load_sweep(write_sweep(
        files,
        R"({"name": "s", "base": "a.json", "trials": 200, "draw_seed": )" + draw_seed +
            R"(, "grid": {"optim.rate": {"from": 1e-4, "to": 1e-1, "scale": "log"}, "train.batch": {"from": 2, "to": 9, "whole": true},
            "model.core.layers": [1, 2, 3], "model.core.dropout": {"from": 0.1, "to": 0.5}}})"));
    REQUIRE(sweep.size() == 200);
    std::vector<ExperimentSpec> specs;
    for (int number = 1; number <= 200; ++number) specs.push_back(load_spec(sweep.base, sweep.task(number).overrides));
    return specs;
  };
  const std::vector<ExperimentSpec> specs = trials("1"), again = trials("1"), others = trials("2");
  int low_rates = 0, least_batches = 0, deep = 0, differing = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const ExperimentSpec& spec = specs[i];
    CHECK(to_json(spec) == to_json(again[i]));
    differing += spec.optim.rate != others[i].optim.rate ? 1 : 0;
    CHECK((spec.optim.rate >= 1e-4 && spec.optim.rate <= 1e-1));
    CHECK((spec.train.batch >= 2 && spec.train.batch <= 9));
    CHECK((spec.model.core.dropout >= 0.1 && spec.model.core.dropout <= 0.5));
    low_rates += spec.optim.rate < std::sqrt(1e-5) ? 1 : 0;
    least_batches += spec.train.batch <= 5 ? 1 : 0;
    deep += spec.model.core.layers == 3 ? 1 : 0;
  }
  CHECK(differing > 190);
  // 200 draws: three standard deviations around what is expected.
  CHECK(std::abs(low_rates - 100) < 22);
  CHECK(std::abs(least_batches - 100) < 22);
  CHECK(std::abs(deep - 67) < 21);
}

TEST_CASE("mistakes in a sweep are told", "[sweep]") {
  const TableFiles files;
  const auto with = [](const std::string& grid) { return R"({"name": "s", "base": "a.json", "grid": )" + grid + "}"; };
  CHECK(refusal(files, with(R"({"model.core.layers": [1]})")) == "valid");
  CHECK_THAT(refusal(files, with(R"({"model.core.layer": [1]})")),
             Contains("There is no such key. Did you mean model.core.layers?"));
  CHECK_THAT(refusal(files, with(R"({"model.core.layers": [0]})")), Contains("must be an integer from 1 to 64"));
  CHECK_THAT(refusal(files, with(R"({"model.core.layers": 2})")), Contains("grid.model.core.layers: must be a list"));
  CHECK_THAT(refusal(files, with("{}")), Contains("grid: is missing"));
  CHECK_THAT(refusal(files, with(R"({"optim.rate": {"from": 1e-4, "to": 1e-2}})")), Contains("trials: is missing"));
  const auto drawn = [&](const std::string& range) {
    return refusal(files, R"({"name": "s", "base": "a.json", "trials": 3, "grid": {"optim.rate": )" + range + "}}");
  };
  CHECK(drawn(R"({"from": 1e-4, "to": 1e-2})") == "valid");
  for (const char* range : {R"({"from": 1})", R"({"from": 1, "to": 0.5})", R"({"from": 0, "to": 1, "scale": "log"})",
                            R"({"from": 0.1, "to": 1, "scale": "square"})", R"({"from": 0.1, "to": 1, "step": 2})"}) {
    CHECK_THAT(drawn(range), Contains("grid.optim.rate: must be a list of values, or a range"));
  }
  CHECK_THAT(refusal(files, R"({"name": "s", "base": "a.json", "grid": {"seed": [1]}, "seeds": [2]})"),
             Contains("seeds: The grid varies the seed as well"));
  CHECK_THAT(refusal(files, R"({"name": "s", "base": "a.json", "grid": {"train.batch": [1]}, "seeds": "1-3"})"),
             Contains("seeds: must be a list of integers"));
  CHECK_THAT(refusal(files, R"({"name": "s", "base": "a.json", "grid": {"train.batch": [1]}, "trials": 0})"),
             Contains("trials: must be a whole number from 1"));
  CHECK_THAT(refusal(files, R"({"name": "a b", "base": "a.json", "grid": {"seed": [1]}})"), Contains("name: must be"));
  CHECK_THAT(refusal(files, R"({"nam": "s", "base": "a.json", "grid": {"seed": [1]}})"),
             Contains("Did you mean name?"));
  CHECK_THAT(refusal(files, R"({"name": "s", "base": "none.json", "grid": {"seed": [1]}})"),
             Contains("There is no spec"));
  std::string many = "[1";
  for (int i = 2; i <= 400; ++i) many += fmt::format(",{}", i);
  many += "]";
  CHECK_THAT(refusal(files, with(fmt::format(R"({{"seed": {}, "train.batch": {}}})", many, many))),
             Contains("more than 100,000 combinations"));
}
