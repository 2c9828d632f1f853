// srwm eval for agents.
#pragma once

#include <memory>

#include "train/task_type.h"

namespace srwm {

std::unique_ptr<TaskEval> make_rl_eval();

}  // namespace srwm
