// What a table file may say, and what is told of one that says something else.
#include "report/table.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "report/report.h"
#include "report/sweep.h"
#include "report/table_files.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

std::string refusal(const TableFiles& files, const std::string& table_json) {
  write(files.table() / "table.json", table_json);
  try {
    load_table(files.table());
  } catch (const SpecError& error) {
    return error.what();
  }
  return "valid";
}

}  // namespace

TEST_CASE("rows come in the order of the file", "[table]") {
  const TableFiles files;
  const Table table = load_table(files.table());
  CHECK(table.title == "Two");
  CHECK(table.seeds == std::vector<std::uint64_t>{1, 2});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].label == "B");
  CHECK(table.rows[1].specs.front().spec->name == "two-a");
  REQUIRE(table.others.size() == 1);
  CHECK(table.others[0].figures.at({"test", "accuracy"}) == 0.25);
}

TEST_CASE("a folder without table.json is a table of its specs", "[table]") {
  const TableFiles files;
  std::filesystem::remove(files.table() / "table.json");
  const Table table = load_table(files.table().string() + "/");
  CHECK(table.title == "two");
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].label == "a");
  CHECK(table.seeds == std::vector<std::uint64_t>{1});
}

TEST_CASE("a row may be another spec with some keys changed", "[table]") {
  const TableFiles files;
  write(files.table() / "table.json", R"({"title": "x", "seeds": [1], "base": "a.json", "rows": {
          "a": "A",
          "deep": {"label": "Deep", "set": {"model.core.layers": 7, "train": {"steps": 50}}},
          "b": {"label": "B", "base": "b.json", "set": {"name": "own", "figures": {"expected": 0.25}}}},
          "published": {"deep": {"accuracy": 0.5}}, "published_source": "them"})");
  const Table table = load_table(files.table());
  REQUIRE(table.rows.size() == 3);
  const auto& deep = as<ExperimentSpec>(*table.rows[1].specs.front().spec);
  CHECK(deep.name == "two-a_deep");
  CHECK(deep.model.core.layers == 7);
  CHECK(deep.train.steps == 50);
  CHECK(table.rows[0].published_figure({"test", "accuracy"}) == 0.75);
  CHECK_FALSE(deep.figures.published.has_value());
  CHECK(table.rows[1].published_figure({"test", "accuracy"}) == 0.5);
  CHECK(table.rows[2].specs.front().spec->name == "own");
  CHECK(table.rows[2].figures().expected == 0.25);
  // Its runs are told by command, and found again.
  const Report report = make_report(table, files.runs());
  const std::string command = command_for(report.rows[1].row, report.rows[1].runs.front());
  CHECK_THAT(command, Contains("--config " + (files.table() / "a.json").string()) && Contains("two-a_deep-s1") &&
                          Contains("--set model.core.layers=7"));
  const nlohmann::json result = {{"test", {{"accuracy", 0.5}, {"ci95", 0.01}, {"episodes", 100}}},
                                 {"wall_seconds", 60},
                                 {"data_digest", "d1"},
                                 {"spec", nlohmann::json::parse(to_json(deep))}};
  write(files.runs() / "two-a_deep-s1/result.json", result.dump());
  write(files.runs() / "two-a_deep-s1/DONE", "");
  CHECK(make_report(table, files.runs()).rows[1].complete == 1);
}

TEST_CASE("rows that change a spec wrongly", "[table]") {
  const TableFiles files;
  const auto refused = [&](const std::string& row) {
    return refusal(files, R"({"title": "x", "rows": {"r": )" + row + "}}");
  };
  CHECK_THAT(refused(R"({"label": "R", "base": "a.json", "sett": {}})"),
             Contains("rows.r: A row has the members label, base and set; found sett."));
  CHECK_THAT(refused(R"({"label": "R", "set": {}})"), Contains("rows.r: A row that changes a spec has a label"));
  CHECK_THAT(refused(R"({"base": "a.json"})"), Contains("rows.r: A row that changes a spec has a label"));
  CHECK_THAT(refused(R"({"label": "R", "base": "a.json", "set": {"train.stesp": 3}})"),
             Contains("train.stesp: There is no such key."));
  CHECK_THAT(refused(R"({"label": "R", "base": "none.json"})"), Contains("There is no spec"));
  CHECK_THAT(refused(R"({"label": "R", "base": "a.json", "set": {"name": "two-b"}}, "b": "B")"),
             Contains("has the name"));
}

TEST_CASE("mistakes in a table are told", "[table]") {
  const TableFiles files;
  const std::string rows = R"("rows": {"a": "A"})";
  CHECK_THAT(refusal(files, R"({"titel": "x", )" + rows + "}"),
             Contains("is not a valid table") && Contains("titel: There is no such key. Did you mean title?") &&
                 Contains("title: is missing") && !Contains("config explain"));
  CHECK_THAT(refusal(files, R"({"title": "x", "seeds": [1, -2], )" + rows + "}"),
             Contains("seeds: must be a list of integers of at least 0; found [1,-2]."));
  CHECK_THAT(refusal(files, R"({"title": 3, )" + rows + "}"), Contains("title: must be text; found 3."));
  CHECK_THAT(refusal(files, R"({"title": "x", "rows": {"none": "A"}})"), Contains("There is no spec"));
  CHECK_THAT(refusal(files, R"({"title": "x", "rows": {"a": 3}})"), Contains("rows.a: must be text"));
  CHECK_THAT(refusal(files, R"({"title": "x", "title": "y", )" + rows + "}"), Contains("is given twice"));
  CHECK_THAT(
      refusal(files, R"({"title": "x", "others": {"M": 98.7}, )" + rows + "}"),
      Contains("others.M: must be a fraction from 0 to 1; found 98.7.") && Contains("others_source: is missing"));
  CHECK_THAT(refusal(files, "[]"), Contains("must hold a JSON object"));
  CHECK_THAT(refusal(files, "{"), Contains("ends too early"));
}

TEST_CASE("two rows of one name are refused: they would share run folders", "[table]") {
  const TableFiles files;
  write(files.table() / "c.json", R"({"name": "two-a"})");
  CHECK_THAT(refusal(files, R"({"title": "x", "rows": {"a": "A", "c": "C"}})"),
             Contains("rows.c: The spec has the name"));
}

TEST_CASE("every table and sweep in experiments/ is valid", "[table]") {
  int tables = 0, sweeps = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SRWM_SOURCE_DIR "/experiments")) {
    INFO(entry.path());
    if (entry.path().filename() == table_file_name) {
      ++tables;
      CHECK_NOTHROW(load_table(entry.path().parent_path()));
    }
    if (entry.path().filename() == sweep_file_name) {
      ++sweeps;
      CHECK_NOTHROW(load_sweep(entry.path()));
    }
  }
  CHECK(tables > 0);
  CHECK(sweeps > 0);
}
