// JSON as text, whatever its strings hold.
#pragma once

#include <string>

namespace srwm {

/// The text of an nlohmann::json or ordered_json, indented by `indent` blanks; on one line if that is negative. Bytes
/// that are not UTF-8, which dump() alone answers with an exception, become U+FFFD; paths go through printable()
/// (core/utf8.h) first, which keeps them apart.
template <typename Json>
std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace srwm
