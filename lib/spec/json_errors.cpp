#include "spec/json_errors.h"

#include <algorithm>
#include <cctype>

#include <fmt/core.h>

namespace srwm {
namespace {

/// Letters, digits and signs: what numbers, true, false, null and misspelt words are made of.
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

/// Index of the first byte of the token that does not fit.
std::size_t token_start(std::string_view text, std::size_t position, std::string_view last_token) {
  if (position == 0 || position > text.size()) return std::min(position, text.size());
  std::size_t start = position - 1;
  // What the library calls the last token is one only if it is a string: after other tokens it holds several.
  if (text[start] == '"') return position - std::clamp<std::size_t>(last_token.size(), 1, position);
  while (start > 0 && is_word(text[start]) && is_word(text[start - 1])) --start;
  return start;
}

/// Last byte before `at` that is not white space; 0 if there is none.
char before(std::string_view text, std::size_t at) {
  const std::size_t found = text.substr(0, at).find_last_not_of(" \t\r\n");
  return found == std::string_view::npos ? '\0' : text[found];
}

/// "syntax error while parsing value - invalid literal; last read: 'x'" -> "invalid literal".
std::string_view essence(std::string_view message) {
  const std::size_t dash = message.find(" - ");
  if (dash != std::string_view::npos) message.remove_prefix(dash + 3);
  return message.substr(0, message.find("; last read"));
}

bool ends_value(char c) {
  return c == '"' || c == '}' || c == ']' || is_word(c);
}

bool begins_word_of_python(std::string_view rest) {
  for (const std::string_view word : {"NaN", "nan", "Infinity", "inf", "True", "False", "None"}) {
    if (rest.starts_with(word)) return true;
  }
  return false;
}

}  // namespace

std::string json_place(std::string_view text, std::size_t position, std::string_view last_token) {
  const std::string_view read = text.substr(0, token_start(text, position, last_token));
  const auto lines = std::ranges::count(read, '\n');
  const std::string_view last_line = read.substr(read.rfind('\n') + 1);
  const auto characters =
      std::ranges::count_if(last_line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return fmt::format("line {}, column {}", lines + 1, characters + 1);
}

std::string json_reason(std::string_view text, std::size_t position, std::string_view last_token,
                        std::string_view library_message) {
  const std::size_t start = token_start(text, position, last_token);
  const std::string_view rest = text.substr(start);
  const char previous = before(text, start);
  if (library_message.find("out_of_range") != std::string_view::npos) return "The number is too large.";
  if (rest.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return "The text ends too early: a closing bracket or quote is missing.";
  }
  if (previous == ',' && (rest.front() == '}' || rest.front() == ']')) {
    return "A comma stands before the closing bracket. Remove the comma.";
  }
  if (rest.front() == '/' || rest.front() == '#') {
    return "JSON has no comments. Use the key \"comment\" of the spec.";
  }
  if (rest.front() == '\'') return "JSON puts text and keys in double quotes, not single ones.";
  if (begins_word_of_python(rest)) return "JSON knows numbers, true, false and null, in this spelling, and no NaN.";
  if (rest.front() == '"' && ends_value(previous)) {
    const bool wants_colon = library_message.find("expected ':'") != std::string_view::npos;
    return fmt::format("A {} is missing before this.", wants_colon ? "colon" : "comma");
  }
  return fmt::format("This is not JSON: {}.", essence(library_message));
}

}  // namespace srwm
