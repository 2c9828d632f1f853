// What a finished run tells its user.
#pragma once

#include <string>

#include "run/run_folder.h"
#include "train/task_type.h"

namespace srwm {

/// The task's results, what was expected or published, cost and place; read from result.json. DataError if it is not
/// one that srwm wrote.
std::string describe_result(const TaskType& type, const RunPaths& paths);

}  // namespace srwm
