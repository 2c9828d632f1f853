// The tasks that srwm knows.
#pragma once

#include <span>

#include "train/task_type.h"

namespace srwm {

/// The table; the first task is that of specs that name none. A test program may define this function itself, and so
/// have other tasks.
std::span<const TaskType* const> all_tasks();

}  // namespace srwm
