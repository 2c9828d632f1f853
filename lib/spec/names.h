// Which known name did the user mean?
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace srwm {

class SpecKeys;  // spec/fields.h

/// Number of letters to insert, delete, replace or swap with their neighbour to turn a into b, whatever their case
/// (optimal string alignment).
int edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, the first of equals; empty if none is near: if more than about a third of the
/// letters would have to change.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// The key or group nearest to the unknown `path`: by its last part first, a shared word counting as
/// near ("learning_rate", "rate"), then by the group it is in. Empty if none is near.
std::string_view nearest_key(const SpecKeys& keys, std::string_view path);

}  // namespace srwm
