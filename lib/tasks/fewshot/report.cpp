#include "tasks/fewshot/report.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/progress.h"

namespace srwm {
namespace {

std::string accuracy_text(double accuracy, double ci95, std::int64_t episodes) {
  const char* what = std::isnan(ci95) ? "" : "95 % interval over ";
  return fmt::format("{} ({}{})", percent_text(accuracy, ci95), what, episodes_text(episodes));
}

}  // namespace

std::string describe(const std::string& what, const Evaluation& evaluation) {
  return what + " accuracy " + accuracy_text(evaluation.accuracy, evaluation.ci95, evaluation.episodes);
}

std::string describe_fewshot_result(const nlohmann::json& result) {
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
  return text;
}

}  // namespace srwm
