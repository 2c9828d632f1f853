// Where a JSON text breaks off, and why, in words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace srwm {

/// "line 4, column 7". `position` is the number of bytes the parser had read, `last_token` the token it ended with.
std::string json_place(std::string_view text, std::size_t position, std::string_view last_token);

/// What is wrong there, in whole sentences; `library_message` is what nlohmann/json says.
std::string json_reason(std::string_view text, std::size_t position, std::string_view last_token,
                        std::string_view library_message);

}  // namespace srwm
