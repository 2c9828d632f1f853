// What a spec's key is. The keys of a task are declared once (keys.cpp in its folder); parser, resolved print, JSON
// schema, `srwm config explain` and the tables of docs/spec.md are all derived from that; defaults are those of a
// default-constructed spec.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/problems.h"
#include "spec/spec.h"

namespace srwm {

/// The spec of a task behind the common base.
template <typename Spec>
Spec& as(AnySpec& spec) {
  return static_cast<Spec&>(spec);
}
template <typename Spec>
const Spec& as(const AnySpec& spec) {
  return static_cast<const Spec&>(spec);
}

/// Where a key's value stands in a spec; made from a lambda `[](auto& spec) -> auto& { return as<Spec>(spec).x; }`.
template <typename T>
struct Member {
  T& (*write)(AnySpec&) = nullptr;
  const T& (*read)(const AnySpec&) = nullptr;

  // Through two plain lambdas, because Clang 14 does not convert a generic one to `read`'s type.
  template <typename Lambda>
  Member(Lambda)  // NOLINT(google-explicit-constructor)
      : write([](AnySpec& spec) -> T& { return Lambda{}(spec); }),
        read([](const AnySpec& spec) -> const T& { return Lambda{}(spec); }) {}
};

/// An integer in [min, max]; 100000, 1e5 and 100000.0 are the same.
struct IntegerKey {
  Member<std::int64_t> member;
  std::int64_t min, max;
};

/// An integer in [0, 2^64).
struct SeedKey {
  Member<std::uint64_t> member;
};

/// A finite number between min and max, either of which may be excluded, also after rounding to float32, with which
/// models compute: 0, or a normal float32.
struct NumberKey {
  Member<double> member;
  double min, max;
  bool min_excluded = false, max_excluded = false;
};

/// A number in [0, 1], or null: not known.
struct FractionKey {
  Member<std::optional<double>> member;
};

struct FlagKey {
  Member<bool> member;
};

enum class TextRule {
  any,       ///< any text
  one_line,  ///< no control characters: names and paths
  name,      ///< becomes a folder's name: letters, digits, '-', '_', '.'; begins with a letter or digit
};

struct TextKey {
  Member<std::string> member;
  TextRule rule = TextRule::any;
  bool non_empty = false;  ///< the key must be given if its default is empty
  bool is_place = false;   ///< may be a path; where a file is does not make another experiment (differences.h)
};

/// One of several names, each standing for a value of an enum.
struct ChoiceKey {
  std::vector<std::string_view> names;
  std::function<void(AnySpec&, std::size_t)> write;  ///< by position in `names`
  std::function<std::string_view(const AnySpec&)> read;
};

/// A list of `least` to `most` integers in [min, max].
struct IntegersKey {
  Member<std::vector<std::int64_t>> member;
  std::int64_t min, max;
  std::size_t most, least = 1;
};

/// A list of at most `most` texts on one line, none of them empty.
struct TextsKey {
  Member<std::vector<std::string>> member;
  std::size_t most;
};

using KeyType =
    std::variant<IntegerKey, SeedKey, NumberKey, FractionKey, FlagKey, TextKey, ChoiceKey, IntegersKey, TextsKey>;

/// What must hold for a key to have a meaning; setting it otherwise is an error, and it is left out of the resolved
/// spec. Always true where `key` is empty.
struct Condition {
  std::string_view key = {};    ///< the key it depends on
  std::string_view words = {};  ///< "model.core.kind is not \"lstm\""
  std::function<bool(const AnySpec&)> holds;
};

/// What completion offers for a text.
enum class ValueHint { none, dataset, h5_file, env_library };

struct Field {
  std::string_view path;  ///< "model.core.layers"
  KeyType type;
  std::string_view meaning;  ///< one sentence
  std::string_view unit = {};
  Condition condition = {};
  ValueHint values = ValueHint::none;

  bool applies(const AnySpec& spec) const { return condition.key.empty() || condition.holds(spec); }
};

/// An object of the spec that holds keys.
struct Group {
  std::string_view path;  ///< "model.core"
  std::string_view meaning;
};

/// Whether a key has no problem so far.
using IsValid = std::function<bool(std::string_view)>;
/// Whether none of them has one.
inline bool all_valid(const IsValid& is_valid, std::initializer_list<std::string_view> keys) {
  return std::ranges::all_of(keys, is_valid);
}

/// A drawing of what a key or group chooses, for `srwm config explain`.
struct Picture {
  std::string_view key;    ///< the key or group that chooses what is drawn: "model.core.kind"
  std::string_view value;  ///< the value that chooses this one; empty for a group
  std::string_view text;   ///< lines of at most 100 columns, each ending in a newline
};

/// What a task declares of its specs. Texts and spans must live as long as the program.
struct SpecDeclaration {
  using Make = std::unique_ptr<AnySpec>();
  /// Adds a problem for every two or more keys whose values do not fit together; passes over those that are not valid.
  using Rules = void(const AnySpec& spec, const IsValid& is_valid, Problems& problems);

  std::string_view task;     ///< "rl": the value of the key task; srwm train-<task> trains it
  std::string_view title;    ///< "reinforcement learning"
  std::string_view meaning;  ///< "One experiment: environments, agent and training."
  std::vector<Field> fields;
  std::vector<Group> groups;
  Make* make = nullptr;  ///< a spec of defaults
  Rules* rules = nullptr;
  /// Keys and groups that may have other values when a run is resumed: they do not change what has been computed so
  /// far.
  std::span<const std::string_view> free_on_resume = {};
  std::span<const Picture> pictures = {};
};

/// The keys of one task.
class SpecKeys {
 public:
  explicit SpecKeys(SpecDeclaration declaration);

  std::string_view task() const { return declared_.task; }
  std::string_view title() const { return declared_.title; }
  std::string_view meaning() const { return declared_.meaning; }
  /// All keys in the order of the resolved spec; keys of a group stand together.
  const std::vector<Field>& fields() const { return declared_.fields; }
  /// All groups, each before the groups inside it.
  std::span<const Group> groups() const { return declared_.groups; }
  std::span<const std::string_view> free_on_resume() const { return declared_.free_on_resume; }
  std::span<const Picture> pictures() const { return declared_.pictures; }
  /// nullptr if there is no such key or group.
  const Field* find_field(std::string_view path) const;
  const Group* find_group(std::string_view path) const;

  /// A spec of defaults.
  std::unique_ptr<AnySpec> make() const { return declared_.make(); }
  const AnySpec& defaults() const { return *defaults_; }
  /// Whether a spec must give the key: it has no default that it takes itself.
  bool is_required(const Field& field) const;
  void check_rules(const AnySpec& spec, const IsValid& is_valid, Problems& problems) const {
    declared_.rules(spec, is_valid, problems);
  }

 private:
  SpecDeclaration declared_;
  std::unique_ptr<AnySpec> defaults_;
};

/// The keys of all tasks; the first are those of specs that name no task.
using SpecTable = std::span<const SpecKeys* const>;

/// "model.core.layers" -> "model.core"; "name" -> "".
std::string_view parent_of(std::string_view path);
/// Whether the key `path` is in the group `group` or in a group inside it; every key is in the group "".
bool is_within(std::string_view path, std::string_view group);
/// "model.core.layers" -> "layers".
std::string_view leaf_of(std::string_view path);

/// The values of a key that have names: true and false, those of a choice; none for the other types.
std::vector<std::string_view> named_values(const KeyType& type);
/// What a key takes, to follow "must be": "an integer from 1 to 64", "true or false".
std::string allowed_values(const KeyType& type);
/// Whether `text` keeps to `rule`.
bool keeps_rule(TextRule rule, std::string_view text);

}  // namespace srwm
