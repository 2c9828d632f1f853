// Lists of seeds on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace srwm {

/// "1,2,5" or "1-5" or both mixed, in the order given. UsageError for anything else, for a seed named twice and for
/// more than 1,000.
std::vector<std::uint64_t> parse_seeds(const std::string& text);

}  // namespace srwm
