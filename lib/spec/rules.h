// What must hold between keys.
#pragma once

#include <functional>
#include <string_view>

#include "spec/problems.h"
#include "spec/spec.h"

namespace srwm {

/// Adds a problem for every two or more keys whose values do not fit together. A rule is passed over if one of its keys
/// is not `sound`, that is, has a problem already.
void check_rules(const ExperimentSpec& spec, const std::function<bool(std::string_view)>& sound, Problems& problems);

}  // namespace srwm
