// The part of JSON Schema that our schema uses.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace srwm::testing {

/// Whether `value` fits `schema`. Throws if the schema has a keyword that is not known here.
bool fits_schema(const nlohmann::json& value, const nlohmann::json& schema);

}  // namespace srwm::testing
