// The tasks of a sweep, and what has become of them.
#include "report/sweep.h"

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
  const Sweep sweep = load_sweep(write_sweep(files));
  const auto finish = [&](int number, double validation) {
    const SweepOutcome outcome = find_outcome(sweep, number, files.runs(), 5);
    CHECK(outcome.run.folder == files.runs() / fmt::format("s-00{}-s5", number));
    ExperimentSpec spec = load_spec(sweep.base, outcome.task.overrides);
    spec.seed = 5;
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
  for (int number = 1; number <= 4; ++number) outcomes.push_back(find_outcome(sweep, number, files.runs(), 5));
  const std::string text = summarise(sweep, outcomes);
  CHECK_THAT(text, Contains("    4           75.00         -  model.core.layers=3"));
  CHECK(text.find("    4  ") < text.find("    2  "));
  CHECK(text.find("    2  ") < text.find("    1  "));
  CHECK_THAT(text, Contains("(not run)"));
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
