#include "tasks/fewshot/measures.h"

#include <fmt/format.h>

#include "spec/fields.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/two_tasks.h"

namespace srwm {
namespace {

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

std::vector<Measure> fewshot_measures(const AnySpec& any) {
  const auto& spec = as<ExperimentSpec>(any);
  std::vector<Measure> measures;
  if (spec.test.episodes > 0) measures.push_back({"test", accuracy});
  for (const SequenceMeasures& sequence : fewshot_sequence_measures(spec)) {
    measures.insert(measures.end(), sequence.by_task.begin(), sequence.by_task.end());
    if (sequence.whole.name != accuracy) measures.push_back(sequence.whole);
  }
  measures.push_back({"validation", accuracy});
  return measures;
}

std::vector<SequenceMeasures> fewshot_sequence_measures(const AnySpec& spec) {
  const auto& fewshot = as<ExperimentSpec>(spec);
  if (fewshot.protocol.protocol != Protocol::sequential || fewshot.test.episodes == 0) return {};
  const auto [a, b] = task_names(fewshot.data);
  const std::array<Measure, 2> either{Measure{"test", accuracy_of(a)}, Measure{"test", accuracy_of(b)}};
  return {{"either order", {a, b}, either, {"test", accuracy}}, measures_of_order(a, b), measures_of_order(b, a)};
}

bool is_certain_fewshot_measure(const Measure& measure) {
  return measure.split != "validation" && measure.name == accuracy;
}

bool is_fewshot_fraction(const Measure& measure) {
  return is_accuracy(measure);
}

std::optional<Estimate> read_fewshot_measure(const nlohmann::json& result, const Measure& measure) {
  const auto section = result.find(measure.split);
  if (section == result.end() || !section->is_object() || !is_accuracy(measure)) return std::nullopt;
  return read_accuracy(*section, measure.name);
}

}  // namespace srwm
