// A JSON text taken apart into keys with their lines; knows nothing of which keys a spec has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/problems.h"

namespace srwm {

using JsonScalar = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string>;
struct JsonList {
  std::vector<JsonScalar> items;
  bool is_flat = true;  ///< no list or object is in it; else `items` is incomplete
};
struct JsonObject {};
using JsonValue =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, JsonList, JsonObject>;

/// Reads a number of JSON that stands for a whole number, however it is written: "1e5", "100000.0". None if it has a
/// fraction, or does not fit; nothing is rounded.
std::optional<JsonScalar> whole_number(std::string_view token);

/// One value, with the keys that lead to it joined by dots. The content of objects follows as entries of its own, what
/// is in objects or lists inside a list is left out.
struct JsonEntry {
  std::string path;
  JsonValue value;
  std::string where;  ///< "line 3"
};

/// Whether keys may have dots in them; then paths are ambiguous, and serve for messages alone.
enum class DottedKeys { refused, allowed };

/// Entries in the order of the text, whole numbers as integers where they fit; the first is the text's outermost value,
/// whose path is `root`. Added to `problems` are: text that is not UTF-8 or not JSON (line and column, in words;
/// nothing is returned then), repeated keys, keys that are empty or contain a dot (unless `dots` allows it), and more
/// than 16 levels of objects and lists.
std::vector<JsonEntry> read_json(std::string_view text, std::string_view root, Problems& problems,
                                 DottedKeys dots = DottedKeys::refused);

/// A value as messages show it: "0.5", "text \"abc\"", "an object".
std::string describe(const JsonValue& value);

}  // namespace srwm
