#include "fewshot/report.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/progress.h"
#include "run/result.h"

namespace srwm {
namespace {

std::string accuracy_text(double accuracy, double ci95, std::int64_t episodes) {
  const char* what = std::isnan(ci95) ? "" : "95 % interval over ";
  return fmt::format("{} ({}{})", percent_text(accuracy, ci95), what, episodes_text(episodes));
}

std::string figure_line(const nlohmann::json& figures, const char* key, const char* label) {
  const auto value = figures.find(key);
  if (value == figures.end() || !value->is_number()) return {};
  return fmt::format("  {:<11} {:.2f} %\n", label, 100 * value->get<double>());
}

std::string describe(const nlohmann::json& result, const RunPaths& paths) {
  std::string text;
  if (const auto test = result.find("test"); test != result.end()) {
    const Estimate accuracy = read_estimate(*test, "accuracy", "ci95").value();
    const double ci95 = accuracy.ci95.value_or(std::numeric_limits<double>::quiet_NaN());
    text += fmt::format("  {:<11} {}\n", "test", accuracy_text(accuracy.value, ci95, test->at("episodes")));
  }
  if (const auto validation = result.find("validation"); validation != result.end()) {
    text += fmt::format("  {:<11} {:.2f} % at step {}\n", "validation", 100 * validation->at("accuracy").get<double>(),
                        format_count(validation->at("step")));
  }
  if (const auto figures = result.at("spec").find("figures"); figures != result.at("spec").end()) {
    text += figure_line(*figures, "expected", "expected") + figure_line(*figures, "published", "published");
  }
  text += fmt::format("  {:<11} {} steps in {}, {} images/s, {} threads\n", "cost", format_count(result.at("steps")),
                      format_duration(result.at("wall_seconds")),
                      format_count(std::lround(result.at("images_per_second").get<double>())),
                      result.at("threads").get<int>());
  return text + fmt::format("  {:<11} {}", "details", paths.result().string());
}

}  // namespace

RunResult to_result(const RunSummary& summary) {
  RunResult result;
  if (summary.test) {
    result.sections.emplace_back("test", to_json(*summary.test));
  }
  if (summary.best_metric) {
    result.sections.emplace_back(
        "validation", nlohmann::ordered_json{{"accuracy", *summary.best_metric}, {"step", summary.best_step}});
  }
  result.steps = summary.steps;
  result.wall_seconds = summary.wall_seconds;
  result.images_per_second = summary.images_per_second;
  result.seed = summary.seed;
  return result;
}

std::string describe(const std::string& what, const Evaluation& evaluation) {
  return what + " accuracy " + accuracy_text(evaluation.accuracy, evaluation.ci95, evaluation.episodes);
}

std::string describe_result(const RunPaths& paths) {
  return describe_result_file(paths, describe);
}

}  // namespace srwm
