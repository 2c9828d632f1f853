#include "tasks/rl/report.h"

#include <cmath>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "run/progress.h"

namespace srwm {
namespace {

using Json = nlohmann::ordered_json;
using Figures = std::vector<std::pair<std::string, Estimate>>;

std::int64_t count_episodes(const RlEvaluation& evaluation) {
  std::int64_t episodes = 0;
  for (const GameScore& score : evaluation.games) episodes += score.episodes;
  return episodes;
}

/// Of one split: each game's mean return, then the means over the games.
Figures figures_of(const RlEvaluation& evaluation, const RlScores& scores) {
  Figures figures;
  std::vector<Estimate> returns;
  for (const GameScore& score : evaluation.games) {
    returns.push_back({score.mean_return, score.ci95});
    figures.emplace_back(score.game, returns.back());
  }
  figures.emplace_back("mean_return", mean_of(returns));
  if (const auto mean = normalized_mean(evaluation, scores.paper)) figures.emplace_back("normalised_paper", *mean);
  if (const auto mean = normalized_mean(evaluation, scores.code)) figures.emplace_back("normalised_code", *mean);
  return figures;
}

/// Means over the test splits, which follow that of the training levels. All splits have the same figures.
Figures mean_over_tests(const std::vector<Figures>& splits) {
  Figures means;
  for (std::size_t i = 0; i < splits.front().size(); ++i) {
    std::vector<Estimate> tests;
    for (std::size_t split = 1; split < splits.size(); ++split) tests.push_back(splits[split][i].second);
    means.emplace_back(splits.front()[i].first, mean_of(tests));
  }
  return means;
}

Json section_of(const Figures& figures) {
  Json section = Json::object();
  for (const auto& [name, estimate] : figures) add_estimate(section, name, estimate);
  return section;
}

std::string normalized_line(const char* label, const RlScores& scores,
                            const std::vector<std::optional<ScoreRange>>& ranges) {
  std::string line = fmt::format("{:<18}", label);
  for (const auto& [split, evaluation] : scores.splits) {
    const std::optional<Estimate> mean = normalized_mean(evaluation, ranges);
    line += mean ? fmt::format("{:>18.3f}", mean->value) : fmt::format("{:>18}", "-");
  }
  return line + "\n";
}

bool differ(const RlScores& scores) {
  for (std::size_t game = 0; game < scores.paper.size(); ++game) {
    if (scores.paper[game] && scores.paper[game]->min != scores.code[game]->min) return true;
  }
  return false;
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

std::optional<Estimate> normalized_mean(const RlEvaluation& evaluation,
                                        const std::vector<std::optional<ScoreRange>>& ranges) {
  std::vector<Estimate> games;
  for (std::size_t game = 0; game < ranges.size(); ++game) {
    if (!ranges[game]) return std::nullopt;
    const GameScore& score = evaluation.games[game];
    games.push_back({ranges[game]->normalized(score.mean_return), std::nullopt});
    if (score.ci95) games.back().ci95 = *score.ci95 / ranges[game]->width();
  }
  return mean_of(games);
}

std::vector<std::pair<std::string, Json>> to_sections(const RlScores& scores) {
  std::vector<Figures> figures;
  for (const auto& [split, evaluation] : scores.splits) figures.push_back(figures_of(evaluation, scores));
  std::vector<std::pair<std::string, Json>> sections;
  auto names = Json::array();
  if (figures.size() > 1) sections.emplace_back("test", section_of(mean_over_tests(figures)));
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const auto& [split, evaluation] = scores.splits[i];
    Json section = section_of(figures[i]);
    section["episodes"] = count_episodes(evaluation);
    sections.emplace_back(split.name, std::move(section));
    names.push_back(split.name);
  }
  sections.emplace_back("splits", std::move(names));
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
      const std::string interval = score.ci95 ? fmt::format(" +- {:.2f}", *score.ci95) : "";
      text += fmt::format("{:>18}", fmt::format("{:.2f}{}", score.mean_return, interval));
    }
    text += "\n";
  }
  text += normalized_line(differ(scores) ? "normalized, paper" : "normalized", scores, scores.paper);
  if (differ(scores)) text += normalized_line("normalized, code", scores, scores.code);
  return text;
}

std::string describe_rl_result(const nlohmann::json& result) {
  std::string text;
  for (const auto& [name, section] : result.items()) {
    if (!section.is_object() || !section.contains("mean_return")) continue;
    text += fmt::format("  {:<11} mean return {:.3f}", name, section.at("mean_return").get<double>());
    const auto normalized = section.find("normalised_paper");
    if (normalized != section.end()) text += fmt::format(", normalized {:.3f}", normalized->get<double>());
    if (section.contains("step")) text += fmt::format(" at step {}", format_count(section.at("step")));
    text += "\n";
  }
  return text;
}

}  // namespace srwm
