#include "spec/json_entries.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/utf8.h"
#include "spec/json_errors.h"

namespace srwm {
namespace {

using nlohmann::json;

constexpr int deepest = 16;

/// Walks over the text and counts lines, so that the events of the parser can be told where they happen.
class LineIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineIterator(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineIterator& operator++() {
    if (*at_++ == '\n') ++*line_;
    return *this;
  }
  bool operator==(const LineIterator& other) const { return at_ == other.at_; }
  bool operator!=(const LineIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;
};

/// Turns the parser's events into entries.
class EntryReader : public nlohmann::json_sax<json> {
 public:
  EntryReader(std::string_view text, std::string_view root, const int& line, Problems& problems, DottedKeys dots)
      : text_(text), path_(root), line_(line), problems_(problems), dots_(dots) {}

  std::vector<JsonEntry> take() { return std::move(entries_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override { return add(std::uint64_t{value}); }
  bool number_float(number_float_t value, const string_t& text) override {
    return add(whole_number(text).value_or(JsonScalar(value)));
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }

  bool start_object(std::size_t /*size*/) override {
    add_nested(JsonObject());
    open_objects_.push_back(path_);
    return enter();
  }

  bool key(string_t& name) override {
    key_line_ = line_;
    if (lists_ > 0) return true;
    const std::string& parent = open_objects_.back();
    path_ = parent.empty() ? name : parent + "." + name;
    is_unusable_ = name.empty() || (dots_ == DottedKeys::refused && name.find('.') != string_t::npos);
    if (is_unusable_) {
      report_unusable(name);
    } else {
      check_repeated();
    }
    return true;
  }

  bool end_object() override {
    open_objects_.pop_back();
    --depth_;
    return true;
  }

  bool start_array(std::size_t /*size*/) override {
    add_nested(JsonList());
    ++lists_;
    return enter();
  }

  bool end_array() override {
    --lists_;
    --depth_;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token, const json::exception& error) override {
    problems_.add(json_place(text_, position, last_token), "", json_reason(text_, position, last_token, error.what()));
    return false;
  }

 private:
  bool add(JsonScalar value) {
    if (is_unusable_) return true;
    if (lists_ == 0) {
      entries_.push_back({path_, std::visit([](auto& v) { return JsonValue(std::move(v)); }, value), where()});
    } else if (auto* list = open_list(); lists_ == 1 && list != nullptr) {
      list->items.push_back(std::move(value));
    }
    return true;
  }

  void add_nested(JsonValue value) {
    if (is_unusable_) return;
    if (lists_ == 0) {
      entries_.push_back({path_, std::move(value), where()});
    } else if (auto* list = open_list()) {
      list->is_flat = false;
    }
  }

  /// The outermost list that is being read.
  JsonList* open_list() { return entries_.empty() ? nullptr : std::get_if<JsonList>(&entries_.back().value); }

  bool enter() {
    if (++depth_ <= deepest) return true;
    problems_.add(where(), "", fmt::format("Objects and lists are nested more than {} levels deep.", deepest));
    return false;
  }

  void report_unusable(const string_t& name) {
    if (name.empty()) return problems_.add(where(), open_objects_.back(), "A key is empty. Give it a name.");
    problems_.add(where(), path_,
                  "A key of a spec has no dots in it: inside the file, write an object for each part, as in "
                  "{\"train\": {\"steps\": 1000}}.");
  }

  void check_repeated() {
    const auto [first, is_new] = first_line_.emplace(path_, line_);
    if (!is_new) problems_.add(where(), path_, fmt::format("is given twice; the first is on line {}.", first->second));
  }

  std::string where() const { return fmt::format("line {}", key_line_); }

  std::string_view text_;
  std::string path_;
  const int& line_;
  Problems& problems_;
  DottedKeys dots_;
  std::vector<JsonEntry> entries_;
  std::vector<std::string> open_objects_;
  std::map<std::string, int> first_line_;
  int key_line_ = 1;
  int lists_ = 0;
  int depth_ = 0;
  bool is_unusable_ = false;
};

struct Describe {
  std::string operator()(std::nullptr_t) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::to_string(value); }
  std::string operator()(std::uint64_t value) const { return fmt::to_string(value); }
  std::string operator()(double value) const { return fmt::to_string(value); }
  std::string operator()(const std::string& value) const { return fmt::format("the text \"{}\"", shown(value)); }
  std::string operator()(const JsonList&) const { return "a list"; }
  std::string operator()(JsonObject) const { return "an object"; }
};

}  // namespace

std::optional<JsonScalar> whole_number(std::string_view token) {
  const bool is_negative = token.starts_with('-');
  if (is_negative) token.remove_prefix(1);
  const std::size_t mark = std::min(token.find_first_of("eE"), token.size());
  int exponent = 0;
  if (mark < token.size()) {
    const std::size_t first = mark + (token[std::min(mark + 1, token.size() - 1)] == '+' ? 2 : 1);
    if (std::from_chars(token.data() + first, token.data() + token.size(), exponent).ec != std::errc()) {
      return std::nullopt;
    }
  }
  const std::size_t point = std::min(token.find('.'), mark);
  std::string digits(token.substr(0, point));
  if (point < mark) {
    digits += token.substr(point + 1, mark - point - 1);
    exponent -= static_cast<int>(mark - point - 1);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return std::int64_t{0};
  for (; exponent < 0 && digits.back() == '0'; ++exponent) digits.pop_back();
  constexpr int most_digits = 20;
  if (exponent < 0 || exponent > most_digits || digits.size() > most_digits) return std::nullopt;
  digits.append(static_cast<std::size_t>(exponent), '0');
  std::uint64_t magnitude = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), magnitude).ec != std::errc()) return std::nullopt;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude <= most)
    return is_negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  return is_negative ? std::nullopt : std::optional<JsonScalar>(magnitude);
}

std::vector<JsonEntry> read_json(std::string_view text, std::string_view root, Problems& problems, DottedKeys dots) {
  if (!is_utf8(text)) {
    problems.add("", "", "The text is not UTF-8. Save it as UTF-8 (plain ASCII is UTF-8 too).");
    return {};
  }
  int line = 1;
  EntryReader reader(text, root, line, problems, dots);
  const bool is_whole =
      json::sax_parse(LineIterator(text.data(), &line), LineIterator(text.data() + text.size(), &line), &reader);
  return is_whole ? reader.take() : std::vector<JsonEntry>();
}

std::string describe(const JsonValue& value) {
  return std::visit(Describe(), value);
}

}  // namespace srwm
