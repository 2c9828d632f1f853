// The part of `srwm eval` that belongs to learning rules.
#pragma once

#include <memory>

#include "train/task_type.h"

namespace srwm {

std::unique_ptr<TaskEval> make_vsml_eval();

}  // namespace srwm
