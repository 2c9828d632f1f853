// What must hold between the keys of a spec of a learning rule.
#pragma once

#include "spec/fields.h"

namespace srwm {

/// Adds a problem for every two or more keys whose values do not fit together. A rule is passed over if one of its keys
/// is not valid, that is, has a problem already.
void check_vsml_rules(const AnySpec& spec, const IsValid& is_valid, Problems& problems);

}  // namespace srwm
