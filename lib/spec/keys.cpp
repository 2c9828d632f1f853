#include <algorithm>
#include <utility>

#include "spec/declare.h"

namespace srwm {
namespace {

using Spec = AnySpec;

struct Words {
  std::string operator()(const IntegerKey& key) const {
    return fmt::format("an integer from {} to {}", key.min, key.max);
  }
  std::string operator()(const SeedKey&) const {
    return fmt::format("an integer from 0 to {}", std::numeric_limits<std::uint64_t>::max());
  }
  std::string operator()(const NumberKey& key) const {
    if (!key.min_excluded && !key.max_excluded && key.max != unbounded) {
      return fmt::format("a number from {} to {}", key.min, key.max);
    }
    const std::string low = fmt::format("{} {}", key.min_excluded ? "above" : "of at least", key.min);
    if (key.max == unbounded) return fmt::format("a number {}", low);
    return fmt::format("a number {} and {} {}", low, key.max_excluded ? "below" : "at most", key.max);
  }
  std::string operator()(const FractionKey&) const { return "a fraction from 0 to 1, or null (not known)"; }
  std::string operator()(const FlagKey&) const { return "true or false"; }
  std::string operator()(const TextKey& key) const {
    switch (key.rule) {
      case TextRule::any:
        return "text";
      case TextRule::one_line:
        return key.non_empty ? "text on one line, not empty" : "text on one line";
      case TextRule::name:
        return "text of 1 to 100 letters, digits, '-', '_' and '.' that begins with a letter or digit";
    }
    return "text";
  }
  std::string operator()(const IntegersKey& key) const {
    return fmt::format("a list of {} to {} integers from {} to {}", key.least, key.most, key.min, key.max);
  }
  std::string operator()(const TextsKey& key) const {
    return fmt::format("a list of at most {} texts, each on one line and not empty", key.most);
  }
  std::string operator()(const ChoiceKey& key) const {
    std::string words = key.names.size() == 1 ? "" : "one of ";
    for (std::size_t i = 0; i < key.names.size(); ++i) {
      words += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", key.names[i]);
    }
    return words;
  }
};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 100 && is_letter_or_digit(text.front()) && std::ranges::all_of(text, fits);
}

}  // namespace

void add_figures(std::vector<Field>& keys, std::string_view published, std::string_view expected) {
  keys.push_back({"figures.published", FractionKey{SRWM_MEMBER(figures.published)}, published});
  keys.push_back({"figures.source", TextKey{SRWM_MEMBER(figures.source)}, "Where the published figure is from."});
  keys.push_back({"figures.expected", FractionKey{SRWM_MEMBER(figures.expected)}, expected});
  keys.push_back({"figures.cost", TextKey{SRWM_MEMBER(figures.cost)},
                  "What the run with the expected figure cost: device and time."});
}

void check_figures(const AnySpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!spec.figures.published || !spec.figures.source.empty()) return;
  if (!is_valid("figures.published") || !is_valid("figures.source")) return;
  problems.add("", "figures.source", "is missing: a published figure needs a source.");
}

void add_general(std::vector<Field>& keys, std::string_view task) {
  ChoiceKey only;
  only.names = {task};
  only.write = [](AnySpec&, std::size_t) {};
  only.read = [](const AnySpec& spec) { return spec.task(); };
  keys.push_back({"task", std::move(only), "What the experiment is about; every task has other keys."});
  keys.push_back({"name", TextKey{SRWM_MEMBER(name), TextRule::name, true},
                  "Names the experiment; the run folder is runs/<name>-s<seed>."});
  keys.push_back({"comment", TextKey{SRWM_MEMBER(comment)}, "Anything a reader should know; not used."});
  keys.push_back({"seed", SeedKey{SRWM_MEMBER(seed)},
                  "Seed of initial weights, episodes, actions and dropout: same spec and seed, same numbers."});
}

SpecKeys::SpecKeys(SpecDeclaration declaration) : declared_(std::move(declaration)), defaults_(declared_.make()) {}

std::string_view AnySpec::task() const {
  return keys().task();
}

const Field* SpecKeys::find_field(std::string_view path) const {
  const auto found = std::ranges::find(fields(), path, &Field::path);
  return found == fields().end() ? nullptr : &*found;
}

const Group* SpecKeys::find_group(std::string_view path) const {
  const auto found = std::ranges::find(groups(), path, &Group::path);
  return found == groups().end() ? nullptr : &*found;
}

bool SpecKeys::is_required(const Field& field) const {
  const auto* text = std::get_if<TextKey>(&field.type);
  return text != nullptr && text->non_empty && text->member.read(defaults()).empty();
}

std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

bool is_within(std::string_view path, std::string_view group) {
  return group.empty() || (path.size() > group.size() && path.starts_with(group) && path[group.size()] == '.');
}

std::string_view leaf_of(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

std::vector<std::string_view> named_values(const KeyType& type) {
  if (std::holds_alternative<FlagKey>(type)) return {"true", "false"};
  const auto* choice = std::get_if<ChoiceKey>(&type);
  return choice == nullptr ? std::vector<std::string_view>() : choice->names;
}

std::string allowed_values(const KeyType& type) {
  return std::visit(Words(), type);
}

bool keeps_rule(TextRule rule, std::string_view text) {
  switch (rule) {
    case TextRule::any:
      return true;
    case TextRule::one_line:
      return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    case TextRule::name:
      return is_name(text);
  }
  return false;
}

}  // namespace srwm
