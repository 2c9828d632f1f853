#include "report/measure.h"

#include <fmt/core.h>

#include "spec/fields.h"
#include "spec/rl_spec.h"
#include "spec/two_tasks.h"

namespace srwm {
namespace {

const char* score_name(bool normalised) {
  return normalised ? "normalised_paper" : "mean_return";
}

constexpr const char* accuracy = "accuracy";

std::string accuracy_of(const std::string& what) {
  return fmt::format("{} of {}", accuracy, what);
}

std::string accuracy_before(const std::string& task, const std::string& second) {
  return accuracy_of(fmt::format("{} before {}", task, second));
}

std::string accuracy_after(const std::string& task, const std::string& first) {
  return accuracy_of(fmt::format("{} after {}", task, first));
}

bool is_accuracy(const Measure& measure) {
  return measure.name == accuracy || measure.name.starts_with(accuracy_of(""));
}

bool is_normalised(const Measure& measure) {
  return measure.name.starts_with("normalised_");
}

std::vector<Measure> measures_of_agent(const RlSpec& spec) {
  std::vector<std::string> sections, names{"normalised_paper", "normalised_code", "mean_return"};
  for (const RlSplit& split : splits_of(spec)) sections.push_back(split.name);
  sections.emplace_back("test");
  for (std::string& game : game_names(spec)) names.push_back(std::move(game));
  std::vector<Measure> measures;
  for (const std::string& section : sections) {
    for (const std::string& name : names) measures.push_back({section, name});
  }
  return measures;
}

std::vector<Measure> measures_of_fewshot(const ExperimentSpec& spec) {
  std::vector<Measure> measures;
  if (spec.test.episodes > 0) measures.push_back({"test", accuracy});
  for (const SequenceMeasures& sequence : sequence_measures_of(spec)) {
    measures.insert(measures.end(), sequence.by_task.begin(), sequence.by_task.end());
    if (sequence.whole.name != accuracy) measures.push_back(sequence.whole);
  }
  measures.push_back({"validation", accuracy});
  return measures;
}

SequenceMeasures measures_of_order(const std::string& first, const std::string& second) {
  const std::string order = order_name(first, second);
  return {order,
          {first, second},
          {Measure{"test", accuracy_before(first, second)}, Measure{"test", accuracy_after(second, first)}},
          {"test", accuracy_of(order)}};
}

/// The part of a section of result.json that has the accuracy of this name; null if there is none.
const nlohmann::json* find_accuracy(const nlohmann::json& section, const std::string& name) {
  if (name == accuracy) return &section;
  if (!section.contains("tasks") || !section.contains("orders")) return nullptr;
  for (const nlohmann::json& task : section["tasks"]) {
    if (name == accuracy_of(task.at("name"))) return &task;
  }
  for (const nlohmann::json& order : section["orders"]) {
    const nlohmann::json &first = order.at("tasks").at(0), &second = order.at("tasks").at(1);
    if (name == accuracy_of(order.at("name"))) return &order;
    if (name == accuracy_before(first.at("name"), second.at("name"))) return &first;
    if (name == accuracy_after(second.at("name"), first.at("name"))) return &second;
  }
  return nullptr;
}

std::optional<Estimate> read_accuracy(const nlohmann::json& section, const std::string& name) {
  const nlohmann::json* holder = find_accuracy(section, name);
  if (!holder) return std::nullopt;
  const std::optional<Estimate> estimate = read_estimate(*holder, accuracy, "ci95");
  return estimate && estimate->value >= 0 && estimate->value <= 1 ? estimate : std::nullopt;
}

}  // namespace

std::vector<Measure> measures_of(const AnySpec& spec) {
  if (spec.task == Task::fewshot) return measures_of_fewshot(as<ExperimentSpec>(spec));
  const auto& agent = as<RlSpec>(spec);
  return agent.test.episodes > 0 ? measures_of_agent(agent) : std::vector<Measure>();
}

std::vector<SequenceMeasures> sequence_measures_of(const AnySpec& spec) {
  if (spec.task != Task::fewshot) return {};
  const auto& fewshot = as<ExperimentSpec>(spec);
  if (fewshot.protocol.protocol != Protocol::sequential || fewshot.test.episodes == 0) return {};
  const auto [a, b] = task_names(fewshot.data);
  const std::array<Measure, 2> either{Measure{"test", accuracy_of(a)}, Measure{"test", accuracy_of(b)}};
  return {{"either order", {a, b}, either, {"test", accuracy}}, measures_of_order(a, b), measures_of_order(b, a)};
}

bool is_certain(const Measure& measure) {
  return measure.split != "validation" && (measure.name == accuracy || measure.name == "mean_return");
}

bool is_fraction(const Measure& measure) {
  return is_accuracy(measure) || is_normalised(measure);
}

std::optional<Estimate> read_measure(const nlohmann::json& result, const Measure& measure) {
  auto section = result.find(measure.split);
  if (section == result.end() && measure.split == "train") section = result.find(old_train_section);
  if (section == result.end() || !section->is_object()) return std::nullopt;
  if (is_accuracy(measure)) return read_accuracy(*section, measure.name);
  return read_estimate(*section, measure.name, measure.name + "_ci95");
}

Measure test_measure(Task task, bool has_normalised) {
  return {"test", task == Task::rl ? score_name(has_normalised) : accuracy};
}

Measure choice_measure(Task task, bool has_normalised) {
  if (task == Task::rl) return {"train", score_name(has_normalised)};
  return {"validation", accuracy};
}

}  // namespace srwm
