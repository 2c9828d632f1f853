// Reinforcement learning in the table of tasks.
#pragma once

#include "train/task_type.h"

namespace srwm {

const TaskType& rl_type();

}  // namespace srwm
