#include "rl/report.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/progress.h"
#include "run/result.h"

namespace srwm {
namespace {

double mean_return(const RlEvaluation& evaluation) {
  double sum = 0;
  for (const GameScore& score : evaluation.games) sum += score.mean_return;
  return sum / static_cast<double>(evaluation.games.size());
}

using Json = nlohmann::ordered_json;

Json section_of(const RlEvaluation& evaluation, const RlScores& scores) {
  Json section = Json::object();
  std::int64_t episodes = 0;
  for (const GameScore& score : evaluation.games) {
    section[score.game] = score.mean_return;
    section[score.game + "_ci95"] = score.ci95;
    episodes += score.episodes;
  }
  section["mean_return"] = mean_return(evaluation);
  if (const auto mean = normalised_mean(evaluation, scores.paper)) {
    section["normalised_paper"] = *mean;
  }
  if (const auto mean = normalised_mean(evaluation, scores.code)) section["normalised_code"] = *mean;
  section["episodes"] = episodes;
  return section;
}

/// The mean of a figure over the test splits, which follow that of the training levels.
std::optional<double> mean_over_tests(const RlScores& scores,
                                      const std::function<std::optional<double>(const RlEvaluation&)>& figure) {
  double sum = 0;
  for (std::size_t split = 1; split < scores.splits.size(); ++split) {
    const std::optional<double> value = figure(scores.splits[split].second);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(scores.splits.size() - 1);
}

std::string normalised_line(const char* label, const RlScores& scores,
                            const std::vector<std::optional<ScoreRange>>& ranges) {
  std::string line = fmt::format("{:<18}", label);
  for (const auto& [split, evaluation] : scores.splits) {
    const std::optional<double> mean = normalised_mean(evaluation, ranges);
    line += mean ? fmt::format("{:>18.3f}", *mean) : fmt::format("{:>18}", "-");
  }
  return line + "\n";
}

bool differ(const RlScores& scores) {
  for (std::size_t game = 0; game < scores.paper.size(); ++game) {
    if (scores.paper[game] && scores.paper[game]->min != scores.code[game]->min) return true;
  }
  return false;
}

std::string describe(const nlohmann::json& result, const RunPaths& paths) {
  std::string text;
  for (const auto& [name, section] : result.items()) {
    if (!section.is_object() || !section.contains("mean_return")) continue;
    text += fmt::format("  {:<11} mean return {:.3f}", name, section.at("mean_return").get<double>());
    const auto normalised = section.find("normalised_paper");
    if (normalised != section.end()) text += fmt::format(", normalised {:.3f}", normalised->get<double>());
    text += "\n";
  }
  text += fmt::format("  {:<11} {} steps in {}, {} steps/s, {} threads\n", "cost", format_count(result.at("steps")),
                      format_duration(result.at("wall_seconds")),
                      format_count(std::lround(result.at("steps_per_second").get<double>())),
                      result.at("threads").get<int>());
  return text + fmt::format("  {:<11} {}", "details", paths.result().string());
}

}  // namespace

RlScores empty_scores(const RlSpec& spec, const EnvLibrary& library) {
  RlScores scores;
  for (const std::string& game : game_names(spec)) {
    scores.paper.push_back(score_range(library, game, spec.env.mode, ScoreVariant::paper));
    scores.code.push_back(score_range(library, game, spec.env.mode, ScoreVariant::code));
  }
  return scores;
}

std::optional<double> normalised_mean(const RlEvaluation& evaluation,
                                      const std::vector<std::optional<ScoreRange>>& ranges) {
  double sum = 0;
  for (std::size_t game = 0; game < ranges.size(); ++game) {
    if (!ranges[game]) return std::nullopt;
    sum += ranges[game]->normalised(evaluation.games[game].mean_return);
  }
  return sum / static_cast<double>(ranges.size());
}

std::vector<std::pair<std::string, Json>> to_sections(const RlScores& scores) {
  std::vector<std::pair<std::string, Json>> sections;
  if (scores.splits.size() > 1) {
    Json test = Json::object();
    const auto add = [&](const char* name, const auto& figure) {
      if (const std::optional<double> mean = mean_over_tests(scores, figure)) test[name] = *mean;
    };
    add("mean_return", [](const RlEvaluation& e) { return std::optional(mean_return(e)); });
    add("normalised_paper", [&](const RlEvaluation& e) { return normalised_mean(e, scores.paper); });
    add("normalised_code", [&](const RlEvaluation& e) { return normalised_mean(e, scores.code); });
    sections.emplace_back("test", std::move(test));
  }
  for (const auto& [split, evaluation] : scores.splits) {
    sections.emplace_back(split.name == "train" ? "train_levels" : split.name, section_of(evaluation, scores));
  }
  return sections;
}

std::string describe(const RlScores& scores) {
  std::string text = fmt::format("{:<18}", "mean return");
  for (const auto& [split, evaluation] : scores.splits) text += fmt::format("{:>18}", split.name);
  text += "\n";
  for (std::size_t game = 0; game < scores.paper.size(); ++game) {
    text += fmt::format("{:<18}", scores.splits.front().second.games[game].game);
    for (const auto& [split, evaluation] : scores.splits) {
      const GameScore& score = evaluation.games[game];
      text += fmt::format("{:>18}", fmt::format("{:.2f} +- {:.2f}", score.mean_return, score.ci95));
    }
    text += "\n";
  }
  text += normalised_line(differ(scores) ? "normalised, paper" : "normalised", scores, scores.paper);
  if (differ(scores)) text += normalised_line("normalised, code", scores, scores.code);
  return text;
}

std::string describe_rl_result(const RunPaths& paths) {
  return describe_result_file(paths, describe);
}

}  // namespace srwm
