// How results call sequences of two tasks (protocol "sequential") and the tasks in them.
#pragma once

#include <array>
#include <string>

#include "tasks/fewshot/fewshot_spec.h"

namespace srwm {

/// The datasets' names as the spec has them; "glyphs" and "glyphs (second)" where they are the same.
std::array<std::string, 2> task_names(const DataSpec& spec);

/// "A, then B"
std::string order_name(const std::string& first, const std::string& second);

}  // namespace srwm
