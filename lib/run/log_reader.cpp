#include "run/log_reader.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace srwm {
namespace {

/// What Logger begins a record with, d for a digit and ? for a sign.
constexpr std::string_view time_pattern = "dddd-dd-ddTdd:dd:dd.ddd?dd:dd ";

/// The end of the file: no record is longer.
std::string read_end(const std::filesystem::path& path) {
  constexpr std::streamoff longest = 1 << 16;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  std::string text(static_cast<std::size_t>(std::clamp<std::streamoff>(size, 0, longest)), '\0');
  file.seekg(size - static_cast<std::streamoff>(text.size()));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

bool fits(char c, char pattern) {
  if (pattern == 'd') return c >= '0' && c <= '9';
  return pattern == '?' ? c == '+' || c == '-' : c == pattern;
}

/// None unless a record begins with `text`.
std::optional<LogRecord> parse_record(std::string_view text) {
  if (text.size() < time_pattern.size()) return std::nullopt;
  if (!std::equal(time_pattern.begin(), time_pattern.end(), text.begin(),
                  [](char pattern, char c) { return fits(c, pattern); })) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(time_pattern.size());
  const std::size_t colon = rest.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  return LogRecord{std::string(text.substr(0, time_pattern.size() - 1)), std::string(rest.substr(0, colon)),
                   std::string(rest.substr(colon + 2))};
}

}  // namespace

std::optional<LogRecord> last_log_record(const std::filesystem::path& log) {
  std::string text = read_end(log);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t before = text.rfind('\n', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    if (auto record = parse_record(std::string_view(text).substr(begin))) return record;
    end = before == std::string::npos ? 0 : before;
  }
  return std::nullopt;
}

}  // namespace srwm
