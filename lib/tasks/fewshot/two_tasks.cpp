#include "tasks/fewshot/two_tasks.h"

namespace srwm {

std::array<std::string, 2> task_names(const DataSpec& spec) {
  const bool are_same = spec.second_dataset == spec.dataset;
  return {spec.dataset, are_same ? spec.second_dataset + " (second)" : spec.second_dataset};
}

std::string order_name(const std::string& first, const std::string& second) {
  return first + ", then " + second;
}

}  // namespace srwm
