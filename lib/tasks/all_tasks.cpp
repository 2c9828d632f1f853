#include "tasks/all_tasks.h"

#include "tasks/fewshot/fewshot_type.h"
#include "tasks/rl/rl_type.h"
#include "tasks/vsml/vsml_type.h"

namespace srwm {

std::span<const TaskType* const> all_tasks() {
  static const TaskType* const table[] = {
      &fewshot_type(),
      &rl_type(),
      &vsml_type(),
  };
  return table;
}

}  // namespace srwm
