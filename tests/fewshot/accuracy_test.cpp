#include "tasks/fewshot/accuracy.h"

#include <array>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

/// Two sequences of two classes, three and one image of them.
SequenceAccuracy two_sequences() {
  SequenceAccuracy accuracy;
  accuracy.add(std::array<std::uint8_t, 4>{0, 1, 0, 1}, std::array<std::int32_t, 4>{1, 1, 0, 1});
  accuracy.add(std::array<std::uint8_t, 4>{1, 1, 1, 0}, std::array<std::int32_t, 4>{0, 1, 1, 1});
  return accuracy;
}

}  // namespace

TEST_CASE("a running mean and its interval are those of the textbook", "[accuracy]") {
  RunningMean mean;
  CHECK(std::isnan(mean.ci95()));
  mean.add(1, 4);
  CHECK(std::isnan(mean.ci95()));
  mean.add(1, 2);
  mean.add(1, 1);
  mean.add(1, 4);
  CHECK(mean.mean() == Approx(0.5));
  CHECK(mean.ci95() == Approx(1.96 * std::sqrt((0.0625 + 0 + 0.25 + 0.0625) / 3 / 4)));
}

TEST_CASE("a mean accuracy is a count over a count, rounded once", "[accuracy]") {
  // 0.92944 as a mean that is moved on by each episode is 0.9294399999999995.
  RunningMean single;
  for (int episode = 0; episode < 100'000; ++episode) single.add(episode % 100'000 < 92'944 ? 1 : 0, 1);
  CHECK(single.mean() == 0.92944);
  RunningMean thirds, mixed, odd;
  for (int episode = 0; episode < 30; ++episode) thirds.add(episode % 4, 3);
  CHECK(thirds.mean() == 43.0 / 90.0);
  for (int episode = 0; episode < 70; ++episode) mixed.add(1, 1 + episode % 7);
  CHECK(mixed.mean() == 1089.0 / 420.0 / 7.0);      // 1 + 1/2 + ... + 1/7 = 363/140
  for (int of = 1; of < 60; ++of) odd.add(of, of);  // no small common denominator
  CHECK(odd.mean() == 1.0);
}

TEST_CASE("accuracy of sequences: total, by position, at the n-th image of a class", "[accuracy]") {
  const SequenceAccuracy accuracy = two_sequences();
  CHECK(accuracy.total.mean() == Approx(0.625));
  REQUIRE(accuracy.by_position.size() == 4);
  for (std::size_t t = 0; t < 4; ++t) {
    CHECK(accuracy.by_position[t].count() == 2);
    CHECK(accuracy.by_position[t].mean() == Approx(t == 1 ? 1.0 : 0.5));
  }
  // First images: sequence 1 has 0 (class 1) and 0 (class 0); sequence 2 has 1 and 1.
  REQUIRE(accuracy.by_shot.size() == 3);
  CHECK(accuracy.by_shot[0].mean() == Approx(0.5));
  CHECK(accuracy.by_shot[1].mean() == Approx(1.0));
  CHECK(accuracy.by_shot[2].mean() == Approx(0.5));
  CHECK(accuracy.by_shot[0].ci95() == Approx(1.96 * 0.5));
}

TEST_CASE("series go to JSON and to a table", "[accuracy]") {
  const SequenceAccuracy accuracy = two_sequences();
  nlohmann::ordered_json object;
  add_series(object, "shot", accuracy.by_shot);
  add_series(object, "position", {});
  CHECK(object.dump() == R"({"accuracy_by_shot":[0.5,1.0,0.5],"ci95_by_shot":[0.98,0.0,0.98]})");
  CHECK(series_table("none", {}).empty());
  const std::vector<RunningMean> many(7, accuracy.by_position[1]);
  const std::string table = series_table("by position:", many);
  CHECK_THAT(table, Contains("by position:\n    1-5   100.00 +- 0.00") && Contains("\n    6-7   100.00"));
}

TEST_CASE("accuracy of two tasks: each in total, and in either order", "[accuracy]") {
  TwoTaskAccuracy accuracy({"A", "B"});
  const std::array<std::int32_t, 5> targets{0, 0, 1, 0, 1};
  accuracy.add(std::array<std::uint8_t, 5>{0, 1, 0, 1, 1}, targets, std::array<std::uint8_t, 5>{0, 0, 1, 1, 1});
  accuracy.add(std::array<std::uint8_t, 5>{1, 1, 1, 1, 0}, targets, std::array<std::uint8_t, 5>{1, 1, 1, 0, 0});
  CHECK(accuracy.totals[0].mean() == Approx((0.5 + 0.5) / 2));
  CHECK(accuracy.totals[1].mean() == Approx((2.0 / 3 + 1) / 2));
  CHECK(accuracy.orders[0].name == "A, then B");
  CHECK(accuracy.orders[1].whole.total.mean() == Approx(0.8));
  CHECK(accuracy.orders[0].tasks[1].by_shot[0].mean() == Approx(0.5));  // counted from the task's beginning
  CHECK(accuracy.orders[0].tasks[1].by_shot[1].mean() == Approx(1));
  nlohmann::ordered_json object;
  add_tasks(object, accuracy);
  CHECK(object["tasks"][1]["name"] == "B");
  CHECK(object["orders"][1]["tasks"][0]["name"] == "B");
  CHECK(object["orders"][1]["tasks"][0]["positions"] == 3);
  CHECK(object["orders"][1]["accuracy_by_position"].size() == 5);
  CHECK_THAT(tasks_table(accuracy), Contains("B, then A: 80.00 %"));
}

TEST_CASE("one sequence of two tasks: no intervals, nothing of the order that did not come", "[accuracy]") {
  TwoTaskAccuracy accuracy({"A", "B"});
  accuracy.add(std::array<std::uint8_t, 4>{0, 1, 1, 1}, std::array<std::int32_t, 4>{0, 1, 0, 1},
               std::array<std::uint8_t, 4>{0, 0, 1, 1});
  const std::string table = tasks_table(accuracy);
  CHECK_THAT(table, Contains("A: 50.00 % (1 episode)\n") && Contains("A, then B: 75.00 % (1 episode)\n") &&
                        Contains("    1-1    50.00 +-    -\n") && !Contains("B, then A") && !Contains("0 episodes"));
  nlohmann::ordered_json object;
  add_tasks(object, accuracy);
  object = nlohmann::ordered_json::parse(object.dump());
  CHECK(object["tasks"][0]["accuracy"] == 0.5);
  CHECK(object["tasks"][0]["ci95"].is_null());
  CHECK(object["orders"][0]["ci95_by_position"].at(3).is_null());
  CHECK(object["orders"][1]["episodes"] == 0);
  CHECK(object["orders"][1]["accuracy"].is_null());
  CHECK(object["orders"][1]["tasks"][0]["accuracy"].is_null());
  CHECK_FALSE(object["orders"][1].contains("accuracy_by_position"));
}

TEST_CASE("an accuracy in words has an interval where it is known", "[accuracy]") {
  CHECK(percent_text(0.614, 0.001) == "61.40 % +- 0.10");
  CHECK(percent_text(0.614, std::numeric_limits<double>::quiet_NaN()) == "61.40 %");
  CHECK(episodes_text(1) == "1 episode");
  CHECK(episodes_text(32000) == "32,000 episodes");
}
