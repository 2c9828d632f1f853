// Few-shot learning in the table of tasks.
#pragma once

#include "train/task_type.h"

namespace srwm {

const TaskType& fewshot_type();

}  // namespace srwm
