// Which runs count in a report, what it says of those that do not, and its forms.
#include "report/report.h"

#include <catch2/catch.hpp>

#include "report/report_text.h"
#include "report/table_files.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

Report report_of(const TableFiles& files) {
  return make_report(load_table(files.table()), files.runs());
}

/// The state of the first row's ("B") run with seed 1.
RunState first_run(const TableFiles& files) {
  return report_of(files).rows.at(0).runs.at(0).state;
}

}  // namespace

TEST_CASE("mean, deviation and interval of the runs that are complete", "[report]") {
  const TableFiles files;
  files.finish("a", 1, 0.5);
  files.finish("a", 2, 0.6);
  files.finish("b", 2, 0.3);
  const Report report = report_of(files);
  const Measure accuracy{"test", "accuracy"};
  CHECK(report.headline() == accuracy);
  const Summary b = report.rows.at(0).figure(accuracy), a = report.rows.at(1).figure(accuracy);
  CHECK(a.n == 2);
  CHECK(a.mean.value() == Approx(0.55));
  CHECK(a.std.value() == Approx(0.0707106781));  // sqrt((0.05^2 + 0.05^2) / 1)
  CHECK(a.ci95.value() == Approx(0.015));
  CHECK(b.n == 1);
  CHECK(b.mean.value() == Approx(0.3));
  CHECK_FALSE(b.std);
  CHECK(report.rows.at(0).complete == 1);
  CHECK(report.rows.at(0).runs.at(0).state.status == RunStatus::missing);
  CHECK(report.rows.at(1).figure({"validation", "accuracy"}).mean.value() == Approx(0.275));
}

TEST_CASE("without runs there are no figures but the published ones", "[report]") {
  const TableFiles files;
  const RowReport a = report_of(files).rows.at(1);
  CHECK(a.complete == 0);
  CHECK(a.figures.empty());
  CHECK_THAT(to_markdown({report_of(files)}), Contains("| A | 0 of 2 | – | – | – | 50.00 | 75.00 | a day |") &&
                                                  Contains("| B | 0 of 2 | – | – | – | – | – | – |"));
}

TEST_CASE("what a run costs is what the reader's own runs took, where there are any", "[report]") {
  const TableFiles files;
  files.finish("a", 2, 0.5);
  CHECK_THAT(to_markdown({report_of(files)}), Contains("| A | 1 of 2 |") && Contains("| 1 min 00 s |"));
  CHECK_THAT(to_markdown({report_of(files)}), !Contains("a day"));
  const auto json = nlohmann::json::parse(to_json({report_of(files)}));
  CHECK(json.at("rows").at(1).at("wall_seconds") == 60);
  CHECK(json.at("rows").at(0).at("wall_seconds").is_null());
}

TEST_CASE("a run that was stopped is unfinished and goes on with --resume", "[report]") {
  const TableFiles files;
  files.begin("b", 1);
  CHECK(first_run(files).status == RunStatus::unfinished);
  CHECK(first_run(files).remark == "step 40 of 100");
  const std::string expected = fmt::format(
      "srwm train-fewshot --config {} --seed 1 --run-dir {} --resume  # B, seed 1: unfinished, step 40 of 100",
      (files.table() / "b.json").string(), files.run("b", 1).string());
  CHECK_THAT(to_markdown({report_of(files)}), Contains(expected));
}

TEST_CASE("a run of another spec is named and not counted", "[report]") {
  const TableFiles files;
  SECTION("complete") {
    files.finish("b", 1, 0.9, "train.batch=64");
  }
  SECTION("unfinished") {
    files.begin("b", 1, "train.batch=64");
  }
  const RunState run = first_run(files);
  CHECK(run.status == RunStatus::other_spec);
  CHECK(run.remark == "train.batch is 64 there");
  const Report report = report_of(files);
  CHECK(report.rows.at(0).complete == 0);
  CHECK_THAT(to_markdown({report}), Contains("B, seed 1: another spec, train.batch is 64 there. It is not counted"));
  CHECK_THAT(to_commands({report}), Contains("# B, seed 1: another spec") && !Contains("b.json --seed 1 "));
}

TEST_CASE("another seed in the folder, or keys of another version, are another spec", "[report]") {
  const TableFiles files;
  files.finish("b", 2, 0.9);
  std::filesystem::rename(files.run("b", 2), files.run("b", 1));
  CHECK(first_run(files).status == RunStatus::other_spec);
  write(
      files.run("b", 1) / "result.json",
      R"({"test": {"accuracy": 1, "ci95": 0}, "wall_seconds": 1, "data_digest": "", "spec": {"name": "x", "new": 1}})");
  CHECK(first_run(files).status == RunStatus::other_spec);
  CHECK_THAT(first_run(files).remark, Contains("this version"));
}

TEST_CASE("comment, figures and checkpoints may differ", "[report]") {
  const TableFiles files;
  files.finish("b", 1, 0.9, "checkpoint.every=7");
  files.write_spec("b", R"("comment": "now with a comment")");
  CHECK(first_run(files).status == RunStatus::complete);
}

TEST_CASE("broken results are named and not counted", "[report]") {
  const TableFiles files;
  files.finish("b", 1, 0.9);
  const std::string good = to_commands({report_of(files)});
  const auto [text, remark] = GENERATE(table<std::string, std::string>({
      {"", "not one that srwm wrote"},
      {"{\"test\": ", "not one that srwm wrote"},
      {"[]", "not one that srwm wrote"},
      {"{}", "not one that srwm wrote"},
      {"{\"spec\": 3}", "another spec"},
  }));
  CAPTURE(text);
  write(files.run("b", 1) / "result.json", text);
  CHECK(report_of(files).rows.at(0).complete == 0);
  CHECK_THAT(to_commands({report_of(files)}), Contains("# B, seed 1") && (Contains(remark) || Contains("its spec")));
  CHECK(good.find("# ") == std::string::npos);
}

TEST_CASE("a result without a figure, or one that no accuracy can have, does not count", "[report]") {
  const TableFiles files;
  files.finish("b", 1, GENERATE(1.5, -0.1, std::numeric_limits<double>::quiet_NaN()));
  CHECK(first_run(files).status == RunStatus::broken);
  std::filesystem::remove(files.run("b", 1) / "result.json");
  CHECK(first_run(files).status == RunStatus::broken);
  CHECK_THAT(first_run(files).remark, Contains("no result.json"));
}

TEST_CASE("a folder with nothing of a run in it is not a run", "[report]") {
  const TableFiles files;
  write(files.run("b", 1) / "lock", "");
  CHECK(first_run(files).status == RunStatus::missing);
}

TEST_CASE("runs with different data are told apart", "[report]") {
  const TableFiles files;
  files.finish("a", 1, 0.5);
  files.finish("a", 2, 0.5, "seed=1", "d2");
  CHECK(report_of(files).rows.at(1).data_differs);
  CHECK_THAT(to_markdown({report_of(files)}), Contains("A: the runs were made with different data"));
}

TEST_CASE("LaTeX, CSV and JSON say the same", "[report]") {
  const TableFiles files;
  files.finish("a", 1, 0.5);
  files.finish("a", 2, 0.6);
  const Report report = report_of(files);
  CHECK_THAT(to_latex({report}), Contains(R"(    A & 2 of 2 & 55.00 & 7.07 & $\pm$1.50 & )") &&
                                     Contains(R"( & 1 min 00 s \\)") && Contains(R"(C \& D\textbar{} & --)") &&
                                     Contains("\n% B, seed 1: not run: srwm "));
  CHECK_THAT(to_markdown({report}), Contains("C & D\\| | –"));
  CHECK_THAT(to_csv({report}), Contains(fmt::format("\n{},A,", files.table().string()) +
                                        (files.table() / "a.json").string() + ",test,accuracy,2,2,0.55,0.0707") &&
                                   Contains(",validation,accuracy,2,2,0.275,") &&
                                   Contains(",C & D|,,test,accuracy,,,,,,,0.25,them,\n"));
  const auto json = nlohmann::json::parse(to_json({report}));
  CHECK(json.at("rows").at(1).at("mean").get<double>() == Approx(0.55));
  CHECK(json.at("rows").at(0).at("published").is_null());
  CHECK(json.at("rows").at(0).at("runs").at(1).at("status") == "not run");
}

TEST_CASE("LaTeX says what it needs, the note and where figures are from", "[report]") {
  const TableFiles files;
  Report report = report_of(files);
  report.table.note = "A note, 5 %.";
  CHECK(to_latex({report, report})
            .starts_with("% The preamble must have \\usepackage{array,booktabs}.\n\\begin{table}\n"));
  CHECK_THAT(to_latex({report}), Contains("\\caption{Two. A note, 5 \\%. Published figures: somebody. Figures of other "
                                          "methods: them.}"));
}

TEST_CASE("every special sign of LaTeX is escaped, in cells, captions and comments", "[report]") {
  const TableFiles files;
  Report report = report_of(files);
  report.table.title = R"(a|b<c>d"e`f--g''h\&%$#_{}~^)";
  report.rows[0].row.label = "[x] \xe9\nend";
  report.rows[0].row.specs[0].label = "two\nlines";
  const std::string text = to_latex({report});
  CHECK_THAT(text,
             Contains(R"(a\textbar{}b\textless{}c\textgreater{}d{\ttfamily\char34}e\textasciigrave{}f-{}-{}g'{}'{}h)"));
  CHECK_THAT(text, Contains(R"(\textbackslash{}\&\%\$\#\_\{\}\textasciitilde{}\textasciicircum{})"));
  CHECK_THAT(text, Contains(R"({}[x] \textbackslash{}xe9 end & )") && Contains("% two lines, seed 1"));
}

TEST_CASE("several tables are one JSON list and one CSV file", "[report]") {
  const TableFiles files;
  files.finish("a", 1, 0.5);
  const Report report = report_of(files);
  Report second = report;
  second.table.folder = "other";
  const auto json = nlohmann::json::parse(to_json({report, second}));
  REQUIRE(json.size() == 2);
  CHECK(json.at(1).at("folder") == "other");
  CHECK(json.at(0) == nlohmann::json::parse(to_json({report})));
  const std::string one = to_csv({report}), both = to_csv({report, second});
  CHECK(both.starts_with(one));
  CHECK(both.find("table,row", 1) == std::string::npos);
  CHECK(both.find("\n\n") == std::string::npos);
  CHECK_THAT(both, Contains("\nother,A,"));
  CHECK(to_markdown({report, second}) == to_markdown({report}) + "\n" + to_markdown({second}));
}

TEST_CASE("words are quoted where a shell would take them apart", "[report]") {
  CHECK(quoted_for_shell("a/b-1.json") == "a/b-1.json");
  CHECK(quoted_for_shell("") == "''");
  CHECK(quoted_for_shell("a b") == "'a b'");
  CHECK(quoted_for_shell("it's $x") == R"('it'\''s $x')");
  CHECK(quoted_for_shell("caf\xe9\n") == "'caf\xe9\n'");
}
