// What the tests of specs share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/rng.h"
#include "spec/fields.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/rl/rl_spec.h"

namespace srwm::testing {

/// The message with which the spec is refused; "valid" if it is not refused.
std::string refusal(std::string_view text, const std::vector<std::string>& overrides = {});

/// The value of every key as JSON, whether it has a meaning or not: equal for equal specs.
std::string all_values(const AnySpec& spec);

/// A spec whose keys have random allowed values, ends of ranges included; the same for the same seed.
ExperimentSpec random_spec(std::uint64_t seed);
RlSpec random_rl_spec(std::uint64_t seed);

}  // namespace srwm::testing
