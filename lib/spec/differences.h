// In which keys two specs differ.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace srwm {

/// Keys and groups on which the result of a run does not depend.
inline constexpr std::string_view without_influence[] = {"comment", "figures", "checkpoint", "train.report_every",
                                                         "env.threads"};

/// A key with another value; the values as JSON.
struct SpecDifference {
  std::string_view path;
  std::string before, now;
};

/// Of two specs of one task: the keys whose values differ, in the order of their keys; those of `ignored`, keys or
/// groups, are passed over. Where a dataset or a library is does not count, only its name: its content is compared by
/// its digest.
std::vector<SpecDifference> differences(const AnySpec& before, const AnySpec& now,
                                        std::span<const std::string_view> ignored);

/// The same as text, each on a line that begins with a line break: "\n  optim.rate: 0.1 then, 0.2 now".
std::string list_differences(const AnySpec& before, const AnySpec& now, std::span<const std::string_view> ignored);

}  // namespace srwm
