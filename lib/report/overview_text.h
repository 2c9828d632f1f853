// Overviews of runs, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "report/run_overview.h"

namespace srwm {

/// A table with a line per run, errors and remarks below their run, and how many runs are in which phase.
std::string to_table(const std::vector<RunOverview>& runs);

/// A list of objects, in the order of `runs`; what is not known is null.
std::string to_json(const std::vector<RunOverview>& runs);

}  // namespace srwm
