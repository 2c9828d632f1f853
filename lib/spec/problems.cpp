#include "spec/problems.h"

#include <algorithm>

#include "core/error.h"

namespace srwm {
namespace {

constexpr std::size_t most_listed = 50;

bool is_utf8_tail(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

void Problems::add(std::string_view where, std::string_view path, std::string_view reason) {
  std::string line;
  if (!where.empty()) line += fmt::format("{}: ", where);
  if (!path.empty()) line += fmt::format("{}: ", shown(path));
  lines_.push_back(line.append(reason));
}

void Problems::throw_if_any(std::string_view origin) const {
  if (lines_.empty()) return;
  std::string message = fmt::format("{} is not a valid spec:", origin);
  const std::size_t listed = std::min(lines_.size(), most_listed);
  for (std::size_t i = 0; i < listed; ++i) message += "\n  " + lines_[i];
  if (listed < lines_.size()) message += fmt::format("\n  ... and {} more problems.", lines_.size() - listed);
  message += "\n'srwm config explain KEY' says what a key takes.";
  throw SpecError(message);
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::size_t end = std::min(text.size(), longest);
  while (end < text.size() && end > 0 && is_utf8_tail(text[end])) --end;
  std::string result(text.substr(0, end));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::ranges::replace_if(result, is_control, '?');
  return end < text.size() ? result + "..." : result;
}

}  // namespace srwm
