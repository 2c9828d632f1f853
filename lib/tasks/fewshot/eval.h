// srwm eval for few-shot models.
#pragma once

#include <memory>

#include "train/task_type.h"

namespace srwm {

std::unique_ptr<TaskEval> make_fewshot_eval();

}  // namespace srwm
