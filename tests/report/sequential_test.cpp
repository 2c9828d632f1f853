// Tables of sequences of two tasks: each order and each task in it, and what is published of them.
#include <array>
#include <vector>

#include <catch2/catch.hpp>

#include "io/file.h"
#include "report/report_text.h"
#include "report/table_files.h"
#include "tasks/fewshot/accuracy.h"
#include "tasks/fewshot/two_tasks.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;
using nlohmann::ordered_json;

namespace {

constexpr const char* sequential =
    R"("protocol": {"kind": "sequential"}, "data": {"dataset": "A", "second_dataset": "B"})";

/// Rows "B" and "A" of sequences, the second with a published figure.
struct SequentialTable : TableFiles {
  SequentialTable() {
    write_spec("a", sequential);
    write_spec("b", sequential);
    write_table(R"("published": {"a": {"accuracy of B after A": 0.625}}, "published_source": "them")");
  }

  void write_table(const std::string& more) const {
    write(table() / "table.json",
          R"({"title": "Two", "seeds": [1, 2], "rows": {"b": "B-row", "a": "A-row"}, )" + more + "}");
  }
  Report report() const { return make_report(load_table(table()), runs()); }
  std::string refusal(const std::string& more) const {
    write_table(more);
    try {
      load_table(table());
    } catch (const SpecError& error) {
      return error.what();
    }
    return "valid";
  }

  /// A complete run of sequences of two positions a task, one of them right in the first task, both in the second: A
  /// first twice, the second time with everything wrong; `then_b_first`: and B first, twice.
  void finish_sequences(const std::string& row, int seed, bool then_b_first) const {
    finish(row, seed, 0.25);
    TwoTaskAccuracy accuracy(task_names(load_spec(table() / (row + ".json"), {}).data));
    const std::array<std::int32_t, 4> targets{0, 1, 0, 1};
    const auto add = [&](std::array<std::uint8_t, 4> correct, std::uint8_t first) {
      const auto second = static_cast<std::uint8_t>(1 - first);
      accuracy.add(correct, targets, std::array<std::uint8_t, 4>{first, first, second, second});
    };
    add({1, 0, 1, 1}, 0);
    add({0, 0, 0, 0}, 0);
    if (then_b_first) {
      for (int sequence = 0; sequence < 2; ++sequence) add({1, 0, 1, 1}, 1);
    }
    const std::filesystem::path path = run(row, seed) / "result.json";
    auto result = ordered_json::parse(read_text_file(path));
    add_tasks(result["test"], accuracy);
    write(path, result.dump());
  }
};

}  // namespace

TEST_CASE("each order and each task in it is read from a result, with its interval", "[report]") {
  const SequentialTable table;
  table.finish_sequences("a", 1, true);
  const RunState run = table.report().rows.at(1).runs.at(0).state;
  REQUIRE(run.status == RunStatus::complete);
  const auto figure = [&](const std::string& name) { return run.figure({"test", name}).value(); };
  CHECK(figure("accuracy").value == Approx(0.25));
  CHECK(figure("accuracy of A, then B").value == Approx(0.375));
  CHECK(figure("accuracy of A before B").value == Approx(0.25));
  CHECK(figure("accuracy of B after A").value == Approx(0.5));
  CHECK(figure("accuracy of B after A").ci95.value() == Approx(1.96 * 0.5));
  CHECK(figure("accuracy of B, then A").value == Approx(0.75));
  CHECK(figure("accuracy of B before A").value == Approx(0.5));
  CHECK(figure("accuracy of A after B").value == Approx(1));
  CHECK(figure("accuracy of A").value == Approx((0.5 + 0 + 1 + 1) / 4));
  CHECK(figure("accuracy of B").value == Approx((1 + 0 + 0.5 + 0.5) / 4));
}

TEST_CASE("a part for either order and one for each, published figures beside what they are compared with",
          "[report]") {
  const SequentialTable table;
  CHECK_THAT(to_markdown({table.report()}), Contains("### Accuracy, A, then B, %") &&
                                                !Contains("### Accuracy, either") &&
                                                Contains("| A-row | – | – | 62.50 | – |"));
  table.finish_sequences("a", 1, true);
  CHECK_THAT(to_markdown({table.report()}),
             Contains("| A-row | 1 of 2 | 25.00 | – | ±1.00 | – | – |") && Contains("### Accuracy, either order, %") &&
                 Contains("|  | A | B | published | both |") && Contains("### Accuracy, B, then A, %") &&
                 Contains("| A-row | 25.00 ±49.00 | 50.00 ±98.00 | 62.50 | 37.50 ±73.50 |") &&
                 Contains("| B-row | – | – | – | – |") && Contains("\nPublished figures: them.\n"));
}

TEST_CASE("figures of sequences stand in LaTeX, CSV and JSON", "[report]") {
  const SequentialTable table;
  table.finish_sequences("a", 1, true);
  const Report report = table.report();
  CHECK_THAT(to_latex({report}),
             Contains(R"(A-row & 25.00 $\pm$49.00 & 50.00 $\pm$98.00 & 62.50 & 37.50 $\pm$73.50 \\)"));
  CHECK_THAT(to_csv({report}), Contains(",test,\"accuracy of A, then B\",1,2,0.375,,0.735,,,,\n") &&
                                   Contains(",test,accuracy of B after A,1,2,0.5,,0.98,,0.625,them,\n"));
  const auto row = ordered_json::parse(to_json({report})).at("rows").at(1);
  CHECK(row.at("published").is_null());
  const ordered_json& figure = row.at("figures").at("test").at("accuracy of B after A");
  CHECK(figure.at("mean") == 0.5);
  CHECK(figure.at("published") == 0.625);
  CHECK(figure.at("source") == "them");
  CHECK(row.at("runs").at(0).at("figures").at("test").at("accuracy of A before B_ci95").get<double>() == Approx(0.49));
}

TEST_CASE("an order that no test sequence had is not known", "[report]") {
  const SequentialTable table;
  table.finish_sequences("a", 1, false);
  const Report report = table.report();
  const RunState run = report.rows.at(1).runs.at(0).state;
  CHECK(run.status == RunStatus::complete);
  CHECK(run.figure({"test", "accuracy of A, then B"}));
  CHECK_FALSE(run.figure({"test", "accuracy of B, then A"}));
  CHECK_FALSE(run.figure({"test", "accuracy of A after B"}));
  CHECK_THAT(to_markdown({report}), !Contains("### Accuracy, B, then A, %"));
}

TEST_CASE("mistakes in published figures are told", "[table]") {
  const SequentialTable table;
  CHECK_THAT(table.refusal(R"("published": {"c": {}, "a": {"accuracy of C": 0.5, "accuracy of A": 50}, "b": 0.5})"),
             Contains("published.c: The table has no such row.") &&
                 Contains("published.a.accuracy of C: No row of the table has such a figure. There are: accuracy; "
                          "accuracy of A; accuracy of B; accuracy of A before B; accuracy of B after A; accuracy of A, "
                          "then B;") &&
                 Contains("published.a.accuracy of A: must be a fraction from 0 to 1; found 50.") &&
                 Contains("published.b: must be an object of figures; found 0.5.") &&
                 Contains("published_source: is missing"));
}

TEST_CASE("a dataset that follows itself has another name in the second place", "[report]") {
  const SequentialTable table;
  table.write_spec("a", R"("protocol": {"kind": "sequential"})");
  table.write_table(R"("published": {})");
  table.finish_sequences("a", 2, true);
  CHECK(table.report().rows.at(1).runs.at(1).state.figure({"test", "accuracy of glyphs (second) after glyphs"}));
}
