// Groups of runs: what makes them, what counts, and what is said of their differences.
#include <cmath>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/comparison_text.h"
#include "report/table_files.h"
#include "run/test_episodes.h"
#include "support/run_files.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Runs that were never computed, in runs/<name>.
struct Runs {
  TempDir dir;

  std::filesystem::path folder(const std::string& name) const { return dir / "runs" / name; }
  std::filesystem::path all() const { return dir / "runs"; }

  /// A complete run with that accuracy; `settings` are further keys of its spec.
  void finish(const std::string& name, int seed, double accuracy, const std::string& settings = R"("comment": "")",
              const std::string& digest = "d1") const {
    const std::string spec =
        fmt::format(R"({{"name": "{}", "seed": {}, "train": {{"steps": 100}}, {}}})", name, seed, settings);
    const std::string resolved = to_json(parse_spec_text(spec, name));
    const nlohmann::json result = {{"test", {{"accuracy", accuracy}, {"ci95", 0.01}, {"episodes", 100}}},
                                   {"wall_seconds", 60},
                                   {"data_digest", digest},
                                   {"spec", nlohmann::json::parse(resolved)}};
    write(folder(name) / "spec.json", resolved);
    write(folder(name) / "result.json", result.dump());
    write(folder(name) / "DONE", "");
  }
  /// Two groups of two: layers 1 at 0.5 and 0.6, layers 2 at 0.8 and 0.7.
  void finish_two_groups() const {
    finish("a-s1", 1, 0.5, one_layer);
    finish("a-s2", 2, 0.6, one_layer);
    finish("b-s1", 1, 0.8, two_layers);
    finish("b-s2", 2, 0.7, two_layers);
  }
  void write_episodes(const std::string& name, const std::vector<float>& values) const {
    write_test_episodes({folder(name)}, values, "a test");
  }
  void write_curve(const std::string& name, const std::string& lines) const {
    write(folder(name) / "metrics.jsonl", lines);
  }

  static constexpr const char* one_layer = R"("model": {"core": {"layers": 1}})";
  static constexpr const char* two_layers = R"("model": {"core": {"layers": 2}})";
};

}  // namespace

TEST_CASE("areas and first steps of curves", "[comparison]") {
  const Curve curve{{10, 0}, {20, 1}, {40, 0.5}};
  CHECK(*mean_height(curve, 10, 40) == Approx((5 + 15) / 30.0));
  CHECK(*mean_height(curve, 15, 30) == Approx((5 * 0.75 + 10 * 0.875) / 15));
  CHECK_FALSE(mean_height(curve, 5, 40).has_value());
  CHECK_FALSE(mean_height(curve, 10, 41).has_value());
  CHECK_FALSE(mean_height(curve, 20, 20).has_value());
  CHECK_FALSE(mean_height({}, 0, 1).has_value());
  CHECK(first_step_at(curve, 0.5) == 20);
  CHECK(first_step_at(curve, 0) == 10);
  CHECK_FALSE(first_step_at(curve, 1.5).has_value());
}

TEST_CASE_METHOD(Runs, "runs are in groups by what differs in their specs", "[comparison]") {
  finish_two_groups();
  const RunComparison comparison = compare_runs({all()}, {});
  CHECK(comparison.keys == std::vector<std::string>{"model.core.layers"});
  REQUIRE(comparison.groups.size() == 2);
  CHECK(comparison.groups[0].label == "layers=1");
  CHECK(comparison.groups[0].mean == Approx(0.55));
  CHECK(*comparison.groups[0].deviation == Approx(0.1 / std::sqrt(2.0)));
  CHECK(*comparison.groups[0].half_width == Approx(12.706204736 * 0.05));
  CHECK(*comparison.groups[0].episodes_ci95 == Approx(0.01));
  REQUIRE(comparison.differences.size() == 1);
  CHECK(comparison.differences[0].value == Approx(0.2));
  CHECK(comparison.differences[0].over_seeds->p_value == Approx(0.10557281));  // t = 2 * sqrt(2) with 2 degrees
  CHECK_FALSE(comparison.differences[0].over_episodes.has_value());
}

TEST_CASE_METHOD(Runs, "the first run named is of the group that others are compared with", "[comparison]") {
  finish_two_groups();
  const RunComparison comparison = compare_runs({folder("b-s2"), folder("a-s1"), folder("b-s1"), folder("a-s2")}, {});
  CHECK(comparison.groups[0].label == "layers=2");
  CHECK(comparison.differences[0].value == Approx(-0.2));
}

TEST_CASE_METHOD(Runs, "groups by keys and by groups of keys", "[comparison]") {
  finish_two_groups();
  finish("c-s1", 1, 0.9, R"("model": {"core": {"layers": 2}}, "optim": {"rate": 0.25})");
  CHECK(compare_runs({all()}, {}).groups.size() == 3);
  CHECK(compare_runs({all()}, {}).groups[2].label == "layers=2 rate=0.25");
  const RunComparison by_layers = compare_runs({all()}, {.by = {"model.core.layers"}});
  REQUIRE(by_layers.groups.size() == 2);
  CHECK(by_layers.groups[1].runs.size() == 3);
  CHECK(compare_runs({all()}, {.by = {"optim"}}).groups.size() == 2);
  CHECK_THROWS_WITH(compare_runs({all()}, {.by = {"model.core.layer"}}), Contains("Did you mean model.core.layers?"));
}

TEST_CASE_METHOD(Runs, "a key without a meaning is not in a group's name", "[comparison]") {
  finish("a-s1", 1, 0.5, R"("model": {"core": {"kind": "srwm", "heads": 4, "hidden": 64}})");
  finish("b-s1", 1, 0.5, R"("model": {"core": {"kind": "lstm", "hidden": 64}})");
  const RunComparison comparison = compare_runs({all()}, {});
  CHECK(comparison.groups[0].label == "kind=srwm heads=4");
  CHECK(comparison.groups[1].label == "kind=lstm");
}

TEST_CASE_METHOD(Runs, "seeds of one spec are one group with its name", "[comparison]") {
  finish("a-s1", 1, 0.5);
  finish("a-s2", 2, 0.6, R"("figures": {"expected": 0.5}, "checkpoint": {"every": 7})");
  const RunComparison comparison = compare_runs({all()}, {});
  REQUIRE(comparison.groups.size() == 1);
  CHECK(comparison.groups[0].label == "a-s1");
  CHECK(comparison.groups[0].runs.size() == 2);
  CHECK(comparison.differences.empty());
}

TEST_CASE_METHOD(Runs, "runs that do not count are named", "[comparison]") {
  finish_two_groups();
  finish("again-s1", 1, 0.9, one_layer);
  write(folder("stopped-s1") / "spec.json", R"({"name": "stopped", "train": {"steps": 70}})");
  write(folder("odd-s1") / "spec.json", "{");
  const RunComparison comparison = compare_runs({all()}, {});
  CHECK(comparison.groups.size() == 2);
  CHECK(comparison.groups[0].runs.size() == 2);
  const std::string text = to_markdown(comparison);
  CHECK_THAT(text, Contains("again-s1 does not count: it has the spec and the seed of") && Contains("a-s1."));
  CHECK_THAT(text, Contains("stopped-s1 does not count: unfinished, step 0 of 70."));
  CHECK_THAT(text, Contains("odd-s1 does not count: its spec cannot be read"));
}

TEST_CASE_METHOD(Runs, "differences are paired on the same test episodes", "[comparison]") {
  finish_two_groups();
  write_episodes("a-s1", {0, 1, 0, 1});
  write_episodes("a-s2", {1, 1, 0, 0});
  write_episodes("b-s1", {1, 1, 1, 1});
  const auto difference = [&] { return compare_runs({all()}, {}).differences.at(0); };
  CHECK_FALSE(difference().over_episodes.has_value());
  CHECK_THAT(to_markdown(compare_runs({all()}, {})), Contains("b-s2 has no test_episodes.h5."));
  write_episodes("b-s2", {1, 0, 1, 0.5});
  // Means over the seeds: 0.5, 1, 0, 0.5 and 1, 0.5, 1, 0.75; differences 0.5, -0.5, 1, 0.25.
  REQUIRE(difference().over_episodes.has_value());
  CHECK(difference().over_episodes->value == Approx(0.3125));
  CHECK(difference().over_episodes->half_width == Approx(3.182446305284263 * std::sqrt(1.171875 / 12)));
  CHECK(difference().episodes == 4);
  SECTION("but not if the data differs") {
    finish("b-s2", 2, 0.7, two_layers, "d2");
    CHECK_FALSE(difference().over_episodes.has_value());
    CHECK_THAT(to_markdown(compare_runs({all()}, {})),
               Contains("Not paired by test episodes: the runs have different data."));
  }
  SECTION("nor if the tests do") {
    finish("b-s1", 1, 0.8, R"("model": {"core": {"layers": 2}}, "protocol": {"k_shot": 2})");
    CHECK_THAT(to_markdown(compare_runs({all()}, {.by = {"model"}})), Contains("the tests differ in protocol.k_shot."));
  }
}

TEST_CASE_METHOD(Runs, "curves are compared over the steps that all runs have", "[comparison]") {
  finish_two_groups();
  write_curve("a-s1", R"({"step":10,"kind":"validation","accuracy":0.1}
{"step":30,"kind":"validation","accuracy":0.5}
{"step":50,"kind":"validation","accuracy":0.5}
)");
  write_curve("b-s1", R"({"step":20,"kind":"validation","accuracy":0.2}
{"step":40,"kind":"validation","accuracy":0.6}
{"step":45,"kind":"train","accuracy":1}
)");
  const RunComparison comparison = compare_runs({all()}, {.threshold = 0.5});
  CHECK(comparison.curve_of == "validation");
  CHECK(comparison.first_step == 20);
  CHECK(comparison.last_step == 40);
  CHECK(*comparison.groups[0].area == Approx((10 * 0.4 + 10 * 0.5) / 20));
  CHECK(*comparison.groups[1].area == Approx(0.4));
  CHECK(*comparison.groups[0].steps_to == 30);
  CHECK(comparison.groups[0].reached == 1);
  CHECK_THAT(to_markdown(comparison), Contains("steps to 50.00") && Contains("30 (1 of 2)"));
  CHECK_THAT(to_markdown(compare_runs({all()}, {.threshold = 0.9})), Contains("– (0 of 2)"));
}

TEST_CASE_METHOD(Runs, "runs without a test are compared by their validations", "[comparison]") {
  for (int seed = 1; seed <= 2; ++seed) {
    const std::string name = fmt::format("v-s{}", seed);
    finish(name, seed, 0, R"("test": {"episodes": 0})");
    auto result = nlohmann::json::parse(read_file(folder(name) / "result.json"));
    result.erase("test");
    result["validation"] = {{"accuracy", 0.25 * seed}, {"step", 10}};
    write(folder(name) / "result.json", result.dump());
  }
  const RunComparison comparison = compare_runs({all()}, {});
  CHECK(comparison.measure == Measure{"validation", "accuracy"});
  CHECK(comparison.groups.at(0).mean == Approx(0.375));
  CHECK_THAT(to_markdown(comparison), Contains("validation accuracy, %"));
  // Where others have a test, those without are left out.
  finish("t-s1", 1, 0.5, one_layer);
  const RunComparison tested = compare_runs({all()}, {});
  CHECK(tested.measure == Measure{"test", "accuracy"});
  REQUIRE(tested.groups.size() == 1);
  CHECK_THAT(to_markdown(tested), Contains("v-s2 does not count: it has no test accuracy."));
}

TEST_CASE_METHOD(Runs, "what cannot be compared", "[comparison]") {
  std::filesystem::create_directories(all());
  CHECK_THROWS_WITH(compare_runs({all()}, {}), "There is no complete run to compare.");
  write(folder("x-s1") / "spec.json", R"({"name": "x"})");
  CHECK_THROWS_WITH(compare_runs({all()}, {}),
                    Contains("There is no complete run to compare.\n  ") && Contains("x-s1"));
  finish("a-s1", 1, 0.5, R"("test": {"episodes": 0})");
  CHECK_THROWS_WITH(compare_runs({all()}, {}), Contains("The runs have neither a test nor validations to compare."));
}

TEST_CASE_METHOD(Runs, "a comparison in every form", "[comparison]") {
  finish_two_groups();
  const RunComparison comparison = compare_runs({all()}, {});
  CHECK_THAT(to_markdown(comparison), Contains("| layers=1 | 2 | 55.00 | 7.07 | ±63.53 | ±1.00 |") &&
                                          Contains("### Difference from layers=1") &&
                                          Contains("| layers=2 | +20.00 | ±") && Contains("(p = 0.106) | – |"));
  CHECK_THAT(to_latex(comparison), Contains("\\begin{table}") && Contains("layers=2") && Contains("$\\pm$"));
  const std::string csv = to_csv(comparison);
  CHECK_THAT(csv, Contains("group,n,mean") && Contains("\nlayers=1,2,0.55,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  const auto json = nlohmann::json::parse(to_json(comparison));
  CHECK(json.at("groups").at(1).at("runs").at(0).at("value") == 0.8);
  CHECK(json.at("differences").at(0).at("over_seeds").at("p_value").get<double>() == Approx(0.10557281));
  CHECK(json.at("differences").at(0).at("over_episodes").is_null());
}
