// From typed values back to JSON, and the JSON schema of specs.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "spec/fields.h"
#include "spec/parse.h"
#include "spec/spec.h"

namespace srwm {

/// The spec with every default filled in, in the order of its keys, indented by two spaces, ending in a newline. Keys
/// without a meaning beside the others (Field::condition) are left out, so that parsing it gives the same spec again.
std::string to_json(const AnySpec& spec);

/// The keys of to_json, a line each: path, value, and where the value is from. What `origins` does not have is a
/// default.
std::string to_text(const AnySpec& spec, const SpecOrigins& origins);

/// JSON schema (draft 2020-12) of the specs of a task. It knows names, types, ranges and defaults; how keys must fit
/// together is checked only by the parser.
std::string json_schema(const SpecKeys& keys);

/// The value of one key.
nlohmann::ordered_json value_of(const Field& field, const AnySpec& spec);

}  // namespace srwm
