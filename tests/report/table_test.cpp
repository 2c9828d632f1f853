// What a table file may say, and what is told of one that says something else.
#include "report/table.h"

#include <catch2/catch.hpp>

#include "core/error.h"
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
