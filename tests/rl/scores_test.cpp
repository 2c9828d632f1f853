#include "tasks/rl/scores.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "tasks/rl/report.h"

using namespace srwm;

TEST_CASE("returns are normalized with the published constants, of which leaper and jumper have two variants", "[rl]") {
  CHECK(procgen_range("bigfish", "easy", ScoreVariant::paper)->normalized(40) == 1.0);
  CHECK(procgen_range("fruitbot", "hard", ScoreVariant::paper)->normalized(-0.5) == 0.0);
  CHECK(procgen_range("leaper", "easy", ScoreVariant::paper)->min == 3.0);
  CHECK(procgen_range("leaper", "easy", ScoreVariant::code)->min == 1.5);
  CHECK(procgen_range("jumper", "easy", ScoreVariant::code)->min == 1.0);
  CHECK(procgen_range("jumper", "hard", ScoreVariant::code)->min == 1.0);
  CHECK_FALSE(procgen_range("maze", "memory", ScoreVariant::paper).has_value());
  CHECK_FALSE(procgen_range("signpost", "easy", ScoreVariant::paper).has_value());
}

TEST_CASE("built-in games count from 0 to their best return", "[rl]") {
  const auto library = EnvLibrary::open(SRWM_GAMES);
  CHECK(score_range(*library, "signpost", "", ScoreVariant::paper)->normalized(5) == 0.5);
  RlEvaluation evaluation;
  evaluation.games = {{.game = "a", .mean_return = 2}, {.game = "b", .mean_return = 6}};
  CHECK(normalized_mean(evaluation, {ScoreRange{0, 4}, ScoreRange{2, 6}})->value == 0.75);
  CHECK_FALSE(normalized_mean(evaluation, {ScoreRange{0, 4}, std::nullopt}).has_value());
}

TEST_CASE("result.json has the games and their means with intervals, and means over the tests", "[rl]") {
  const auto played = [](double a, double b) {
    return RlEvaluation{{{.game = "a", .mean_return = a, .ci95 = 0.3, .episodes = 20},
                         {.game = "b", .mean_return = b, .ci95 = 0.4, .episodes = 20}},
                        true};
  };
  RlScores scores;
  scores.splits = {{{"train"}, played(9, 9)}, {{"test1"}, played(1, 2)}, {{"test2"}, played(3, 6)}};
  scores.paper = {ScoreRange{0, 3}, ScoreRange{0, 2}};
  scores.code = {std::nullopt, ScoreRange{0, 2}};
  const auto sections = to_sections(scores);
  REQUIRE(sections.size() == 5);
  const auto& [test_name, test] = sections.at(0);
  const auto& [train_name, train] = sections.at(1);
  CHECK(test_name == "test");
  CHECK(test.at("a") == 2);
  CHECK(test.at("a_ci95").get<double>() == Approx(0.3 / std::sqrt(2)));
  CHECK(test.at("mean_return") == 3);
  CHECK(train_name == "train");
  CHECK(train.at("mean_return_ci95").get<double>() == Approx(0.25));  // sqrt(0.3^2 + 0.4^2) / 2
  CHECK(train.at("normalised_paper").get<double>() == Approx((3 + 4.5) / 2));
  CHECK(train.at("normalised_paper_ci95").get<double>() == Approx(std::sqrt(0.1 * 0.1 + 0.2 * 0.2) / 2));
  CHECK_FALSE(train.contains("normalised_code"));
  CHECK(train.at("episodes") == 40);
  CHECK(sections.at(4).second == std::vector<std::string>{"train", "test1", "test2"});
}

TEST_CASE("returns of one episode have no interval, nor have means over them", "[rl]") {
  RlScores scores;
  scores.splits = {{{"train"}, {{{.game = "a", .mean_return = 2, .ci95 = {}, .episodes = 1}}, true}}};
  scores.paper = scores.code = {ScoreRange{0, 4}};
  const auto section = to_sections(scores).at(0).second;
  CHECK(section.at("normalised_paper") == 0.5);
  for (const char* figure : {"a", "mean_return", "normalised_paper"}) {
    CHECK(section.contains(figure));
    CHECK_FALSE(section.contains(std::string(figure) + "_ci95"));
  }
  CHECK_THAT(describe(scores), Catch::Matchers::Contains("2.00\n") && !Catch::Matchers::Contains("+-"));
}
