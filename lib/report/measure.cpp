#include "report/measure.h"

#include "spec/fields.h"
#include "spec/rl_spec.h"

namespace srwm {
namespace {

const char* score_name(bool normalised) {
  return normalised ? "normalised_paper" : "mean_return";
}

bool is_accuracy(const Measure& measure) {
  return measure.name == "accuracy";
}

bool is_normalised(const Measure& measure) {
  return measure.name.starts_with("normalised_");
}

std::vector<Measure> measures_of_agent(const RlSpec& spec) {
  std::vector<std::string> sections, names{"normalised_paper", "normalised_code", "mean_return"};
  for (const RlSplit& split : splits_of(spec)) sections.push_back(split.section());
  sections.emplace_back("test");
  for (std::string& game : game_names(spec)) names.push_back(std::move(game));
  std::vector<Measure> measures;
  for (const std::string& section : sections) {
    for (const std::string& name : names) measures.push_back({section, name});
  }
  return measures;
}

}  // namespace

std::vector<Measure> measures_of(const AnySpec& spec) {
  if (spec.task == Task::fewshot) {
    std::vector<Measure> measures{{"validation", "accuracy"}};
    if (as<ExperimentSpec>(spec).test.episodes > 0) measures.insert(measures.begin(), {"test", "accuracy"});
    return measures;
  }
  const auto& agent = as<RlSpec>(spec);
  return agent.test.episodes > 0 ? measures_of_agent(agent) : std::vector<Measure>();
}

bool is_certain(const Measure& measure) {
  return measure.split != "validation" && (is_accuracy(measure) || measure.name == "mean_return");
}

bool is_fraction(const Measure& measure) {
  return is_accuracy(measure) || is_normalised(measure);
}

std::optional<Estimate> read_measure(const nlohmann::json& result, const Measure& measure) {
  const auto section = result.find(measure.split);
  if (section == result.end() || !section->is_object()) return std::nullopt;
  const std::string interval = is_accuracy(measure) ? "ci95" : measure.name + "_ci95";
  const std::optional<Estimate> estimate = read_estimate(*section, measure.name, interval);
  if (estimate && is_accuracy(measure) && !(estimate->value >= 0 && estimate->value <= 1)) return std::nullopt;
  return estimate;
}

Measure test_measure(Task task, bool has_normalised) {
  return {"test", task == Task::rl ? score_name(has_normalised) : "accuracy"};
}

Measure choice_measure(Task task, bool has_normalised) {
  if (task == Task::rl) return {"train_levels", score_name(has_normalised)};
  return {"validation", "accuracy"};
}

}  // namespace srwm
