#include "errors/errors_page.h"

#include <algorithm>
#include <charconv>
#include <exception>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "io/file.h"

namespace srwm::test {
namespace {

constexpr const char* page = SRWM_SOURCE_DIR "/docs/errors.md";

std::string single_spaced(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n' || c == '\t';
    if (!is_space) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

/// The literal text between the <words> of a pattern; at least one part.
std::vector<std::string> literal_parts(std::string_view pattern) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t end = pattern[i] == '<' ? pattern.find('>', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      parts.back() += pattern[i];
    } else {
      parts.emplace_back();
      i = end;
    }
  }
  return parts;
}

std::size_t literal_length(const ErrorEntry& entry) {
  std::size_t length = 0;
  for (const std::string& part : literal_parts(entry.message)) length += part.size();
  return length;
}

/// Text from "## <title>" to the next heading of this rank.
std::string section_text(std::string_view title) {
  const std::string text = read_text_file(page);
  const std::string heading = fmt::format("\n## {}\n", title);
  const std::size_t start = text.find(heading);
  if (start == std::string::npos) FAIL("docs/errors.md has no section '" << title << "'");
  const std::size_t body = start + heading.size();
  return text.substr(body, text.find("\n## ", body) - body);
}

/// "`message` (3)\n  advice" without the dash.
ErrorEntry parse_entry(std::string_view text) {
  const std::size_t close = text.find('`', 1);
  const std::size_t bracket = close + 3, advice = text.find(')', close);
  ErrorEntry entry{.message = single_spaced(text.substr(1, close - 1))};
  if (advice == std::string_view::npos) return entry;
  std::from_chars(text.data() + bracket, text.data() + advice, entry.exit_code);
  entry.advice = single_spaced(text.substr(advice + 1));
  return entry;
}

}  // namespace

std::vector<ErrorEntry> read_errors_page(std::string_view title) {
  const std::string text = section_text(title), mark = "\n- `";
  std::vector<ErrorEntry> entries;
  for (std::size_t at = text.find(mark); at != std::string::npos;) {
    const std::size_t begin = at + mark.size() - 1, next = text.find(mark, begin), end = text.find("\n\n", begin);
    entries.push_back(parse_entry(std::string_view(text).substr(begin, std::min(next, end) - begin)));
    INFO("docs/errors.md: " << entries.back().message);
    CHECK(entries.back().exit_code >= 0);
    CHECK_FALSE(entries.back().advice.empty());
    at = next;
  }
  return entries;
}

bool matches(std::string_view pattern, std::string_view message) {
  const std::vector<std::string> parts = literal_parts(pattern);
  const std::string text = single_spaced(message);
  if (parts.size() == 1) return text == parts[0];
  if (!text.starts_with(parts.front())) return false;
  std::size_t at = parts.front().size();
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    const std::size_t found = text.find(parts[i], at);
    if (found == std::string::npos) return false;
    at = found + parts[i].size();
  }
  return text.size() - at >= parts.back().size() && text.ends_with(parts.back());
}

ErrorSection::ErrorSection(std::string_view title) : title_(title), entries_(read_errors_page(title)) {}

ErrorSection::~ErrorSection() {
  if (std::uncaught_exceptions() > 0) return;  // the test ends early, and says why
  for (const ErrorEntry& entry : entries_) {
    INFO("docs/errors.md, " << title_ << ", not provoked by this test: " << entry.message);
    CHECK(provoked_.contains(&entry));
  }
}

void ErrorSection::provoke(const std::function<void()>& provoke) {
  try {
    provoke();
  } catch (const Error& error) {
    return saw(error.what(), static_cast<int>(error.code()));
  }
  FAIL_CHECK("no error where " << title_ << " was to be provoked");
}

void ErrorSection::saw(std::string_view message, int exit_code) {
  const ErrorEntry* entry = find(message);
  INFO("message: " << message);
  if (entry == nullptr) {
    FAIL_CHECK("docs/errors.md, " << title_ << ", has no such entry");
    return;
  }
  CHECK(exit_code == entry->exit_code);
  provoked_.insert(entry);
}

void ErrorSection::cannot_provoke(std::string_view start) {
  const auto entry = std::ranges::find_if(entries_, [&](const ErrorEntry& e) { return e.message.starts_with(start); });
  INFO("docs/errors.md, " << title_ << ": " << start);
  REQUIRE(entry != entries_.end());
  provoked_.insert(&*entry);
}

const ErrorEntry* ErrorSection::find(std::string_view message) const {
  const ErrorEntry* best = nullptr;
  for (const ErrorEntry& entry : entries_) {
    const bool fits = matches(entry.message, message);
    if (fits && (best == nullptr || literal_length(entry) > literal_length(*best))) best = &entry;
  }
  return best;
}

}  // namespace srwm::test
