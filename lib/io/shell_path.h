// Paths as a shell user means them. A shell expands ~ only at the start of a word: not in --run-dir=~/x, nor in a spec.
#pragma once

#include <string>

namespace srwm {

/// "~" and "~/x" with the home folder ($HOME, else that of the user who runs this), "~name" and "~name/x" with that of
/// the user `name`; any other text as it is, as is one whose first part is there under this name. UsageError if there
/// is no such user, or no home folder.
std::string expand_home(const std::string& path);

}  // namespace srwm
