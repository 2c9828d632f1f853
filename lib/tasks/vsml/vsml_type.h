// Learning rules in the table of tasks.
#pragma once

#include "train/task_type.h"

namespace srwm {

const TaskType& vsml_type();

}  // namespace srwm
