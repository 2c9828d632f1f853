// The toy task in the table of tasks.
#pragma once

#include "train/task_type.h"

namespace srwm::toy {

const TaskType& line_type();

}  // namespace srwm::toy
