#include "tasks/vsml/measures.h"

#include <cmath>

#include <fmt/format.h>

#include "run/progress.h"
#include "run/running_mean.h"
#include "spec/fields.h"
#include "tasks/vsml/vsml_spec.h"

namespace srwm {
namespace {

constexpr const char* accuracy = "accuracy";
constexpr const char* late_accuracy = "late_accuracy";

std::string on_dataset(const std::string& what, const std::string& dataset) {
  return fmt::format("{} on {}", what, dataset);
}

/// An accuracy and its interval, as add_total and add_estimate write them.
std::optional<Estimate> read_accuracy(const nlohmann::json& section, const std::string& name) {
  const std::string interval = name == accuracy && !section.contains("accuracy_ci95") ? "ci95" : name + "_ci95";
  const std::optional<Estimate> estimate = read_estimate(section, name, interval);
  return estimate && estimate->value >= 0 && estimate->value <= 1 ? estimate : std::nullopt;
}

std::string accuracy_text(const nlohmann::json& section) {
  const std::optional<Estimate> estimate = read_accuracy(section, accuracy);
  return estimate ? percent_text(estimate->value, estimate->ci95.value_or(NAN)) : "-";
}

}  // namespace

std::vector<Measure> vsml_measures(const AnySpec& any) {
  const auto& spec = as<VsmlSpec>(any);
  std::vector<Measure> measures;
  if (spec.test.episodes > 0) {
    for (const char* what : {accuracy, late_accuracy}) {
      measures.push_back({"test", what});
      for (const std::string& dataset : spec.test.streams.datasets) {
        measures.push_back({"test", on_dataset(what, dataset)});
      }
    }
  }
  measures.push_back({"validation", accuracy});
  return measures;
}

std::optional<Estimate> read_vsml_measure(const nlohmann::json& result, const Measure& measure) {
  const auto section = result.find(measure.split);
  if (section == result.end() || !section->is_object()) return std::nullopt;
  for (const char* what : {accuracy, late_accuracy}) {
    if (measure.name == what) return read_accuracy(*section, what);
    if (!section->contains("datasets")) continue;
    for (const nlohmann::json& dataset : section->at("datasets")) {
      if (measure.name == on_dataset(what, dataset.at("name"))) return read_accuracy(dataset, what);
    }
  }
  return std::nullopt;
}

bool is_certain_vsml_measure(const Measure& measure) {
  return measure.split == "test" && measure.name == accuracy;
}

bool is_vsml_fraction(const Measure&) {
  return true;
}

std::string describe_vsml_result(const nlohmann::json& result) {
  std::string text;
  if (const auto test = result.find("test"); test != result.end()) {
    text += fmt::format("  {:<11} {} (95 % interval over {} on each of {} datasets)\n", "test", accuracy_text(*test),
                        episodes_text(test->at("episodes")), test->at("datasets").size());
    for (const nlohmann::json& dataset : test->at("datasets")) {
      text += fmt::format("  {:<11} {}\n", dataset.at("name").get<std::string>(), accuracy_text(dataset));
    }
  }
  if (const auto validation = result.find("validation"); validation != result.end()) {
    text += fmt::format("  {:<11} {:.2f} % at step {}\n", "validation", 100 * validation->at(accuracy).get<double>(),
                        format_count(validation->at("step")));
  }
  return text;
}

}  // namespace srwm
