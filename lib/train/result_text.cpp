#include "train/result_text.h"

#include <cmath>

#include <fmt/format.h>

#include "run/progress.h"
#include "run/result.h"

namespace srwm {
namespace {

std::string value_line(const TaskType& type, const nlohmann::json& figures, const char* name) {
  const auto value = figures.find(name);
  if (value == figures.end() || !value->is_number()) return {};
  return fmt::format("  {:<11} {}\n", name, type.headline_text(value->get<double>()));
}

/// "6,627 images/s, "
std::string speed_text(const nlohmann::json& result) {
  constexpr std::string_view ending = "_per_second";
  for (const auto& [name, value] : result.items()) {
    if (!name.ends_with(ending) || !value.is_number()) continue;
    return fmt::format("{} {}/s, ", format_count(std::lround(value.get<double>())),
                       name.substr(0, name.size() - ending.size()));
  }
  return {};
}

}  // namespace

std::string describe_result(const TaskType& type, const RunPaths& paths) {
  return describe_result_file(paths, [&](const nlohmann::json& result) {
    std::string text = type.describe_result(result);
    const nlohmann::json& spec = result.at("spec");
    if (const auto figures = spec.find("figures"); figures != spec.end()) {
      text += value_line(type, *figures, "expected") + value_line(type, *figures, "published");
    }
    text += fmt::format("  {:<11} {} steps in {}, {}{} thread{}\n", "cost", format_count(result.at("steps")),
                        format_duration(result.at("wall_seconds")), speed_text(result), result.at("threads").get<int>(),
                        result.at("threads").get<int>() == 1 ? "" : "s");
    return text + fmt::format("  {:<11} {}", "details", paths.result().string());
  });
}

}  // namespace srwm
