#include "report/measure.h"

#include "tasks/task_table.h"

namespace srwm {
namespace {

const TaskType& type_named(std::string_view task) {
  const TaskType* type = find_task(task);
  return type != nullptr ? *type : *all_tasks().front();  // a table without rows has no task
}

}  // namespace

std::vector<Measure> measures_of(const AnySpec& spec) {
  return type_of(spec).measures(spec);
}

std::vector<SequenceMeasures> sequence_measures_of(const AnySpec& spec) {
  const TaskType& type = type_of(spec);
  return type.sequence_measures == nullptr ? std::vector<SequenceMeasures>() : type.sequence_measures(spec);
}

bool is_fraction(std::string_view task, const Measure& measure) {
  return type_named(task).is_fraction(measure);
}

Measure test_measure(std::string_view task, bool has_normalized) {
  return type_named(task).headline(has_normalized);
}

Measure choice_measure(std::string_view task, bool has_normalized) {
  return type_named(task).choice(has_normalized);
}

}  // namespace srwm
