#include "spec/problems.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"

namespace srwm {
namespace {

constexpr std::size_t most_listed = 50;

}  // namespace

void Problems::add(std::string_view where, std::string_view path, std::string_view reason) {
  std::string line;
  if (!where.empty()) line += fmt::format("{}: ", where);
  if (!path.empty()) line += fmt::format("{}: ", shown(path));
  lines_.push_back(line.append(reason));
}

void Problems::throw_if_any(std::string_view origin) const {
  if (lines_.empty()) return;
  std::string message = fmt::format("{} is not a valid {}:", origin, kind_);
  const std::size_t listed = std::min(lines_.size(), most_listed);
  for (std::size_t i = 0; i < listed; ++i) message += "\n  " + lines_[i];
  if (listed < lines_.size()) message += fmt::format("\n  ... and {} more problems.", lines_.size() - listed);
  if (kind_ == "spec") message += "\n'srwm config explain KEY' says what a key takes.";
  throw SpecError(message);
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string result;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    if (result.size() + length > longest) return result + "...";
    const bool is_legible = length > 1 || (text[0] >= 0x20 && text[0] < 0x7f);
    result += is_legible ? text.substr(0, length) : "?";
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace srwm
