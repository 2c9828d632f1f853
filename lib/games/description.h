// What libsrwm_games.so says of itself.
#pragma once

#include <string>

namespace srwm::games {

/// JSON as env/description.h has it.
std::string describe();

}  // namespace srwm::games
