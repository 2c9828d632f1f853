#include "spec/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/utf8.h"
#include "spec/fields.h"
#include "spec/json_entries.h"
#include "spec/layers.h"
#include "spec/names.h"
#include "spec/problems.h"

namespace srwm {
namespace {

/// Whether `path` is `ancestor` or lies inside it.
bool is_inside(std::string_view path, std::string_view ancestor) {
  return path.starts_with(ancestor) && (path.size() == ancestor.size() || path[ancestor.size()] == '.');
}

/// Where an entry is that stands in no file.
constexpr std::string_view override_option = "--set";

/// "path=value" as entries; the value is JSON if it can be read as such, else text.
std::vector<JsonEntry> read_override(const SpecKeys& keys, const std::string& text, Problems& problems) {
  const std::string where = fmt::format("{} {}", override_option, shown(text));
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || !is_utf8(text)) {
    problems.add(where, "", "must be KEY=VALUE in UTF-8, as in --set train.steps=1000.");
    return {};
  }
  const std::string path = text.substr(0, equals), value = text.substr(equals + 1);
  Problems not_json;
  std::vector<JsonEntry> entries = read_json(value, path, not_json);
  const Field* field = keys.find_field(path);
  const bool takes_text = field != nullptr && std::holds_alternative<TextKey>(field->type);
  const bool is_plain_text = entries.empty() || !not_json.empty() ||
                             (takes_text && !std::holds_alternative<std::string>(entries[0].value) && value != "null");
  if (is_plain_text) entries = {{path, value, ""}};
  for (JsonEntry& entry : entries) entry.where = where;
  return entries;
}

/// Replaces the entry at the path of `entry`, and all inside it, by `entry`; null only removes.
void lay_over(const SpecKeys& keys, std::vector<JsonEntry>& entries, JsonEntry entry) {
  const bool is_object = std::holds_alternative<JsonObject>(entry.value);
  if (is_object && keys.find_group(entry.path) != nullptr) return;  // its content follows
  std::erase_if(entries, [&](const JsonEntry& old) { return is_inside(old.path, entry.path); });
  const bool is_known = keys.find_field(entry.path) != nullptr || keys.find_group(entry.path) != nullptr;
  if (is_known && std::holds_alternative<std::nullptr_t>(entry.value)) return;
  entries.push_back(std::move(entry));
}

std::optional<std::int64_t> as_integer(const JsonValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) {
    if (*integer <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(*integer);
    }
  }
  return std::nullopt;  // a whole number is an integer however it is written (json_entries.h)
}

/// A seed that is written as text, so that no program rounds it.
std::optional<std::uint64_t> seed_in(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, seed);
  return error == std::errc() && last == end ? std::optional(seed) : std::nullopt;
}

std::optional<double> as_number(const JsonValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*integer);
  return std::nullopt;
}

template <typename Real>
bool is_in_range(const NumberKey& key, Real number) {
  const auto min = static_cast<Real>(key.min), max = static_cast<Real>(key.max);
  const bool is_high_enough = key.min_excluded ? number > min : number >= min;
  return is_high_enough && (key.max_excluded ? number < max : number <= max);
}

/// What a number in the key's range becomes in float32 where that leaves the range or loses digits; empty if it does
/// not.
std::string describe_float(const NumberKey& key, double number) {
  const auto rounded = static_cast<float>(number);
  const bool is_normal = std::isfinite(rounded) && std::abs(rounded) >= std::numeric_limits<float>::min();
  if (number == 0 || (is_normal && is_in_range(key, rounded))) return "";
  if (!std::isfinite(rounded)) return "infinite";
  return is_normal ? fmt::format("{}", rounded) : "too small to be told from 0";
}

/// An item of a list as a value of its own.
JsonValue to_value(const JsonScalar& item) {
  return std::visit([](const auto& value) { return JsonValue(value); }, item);
}

/// Writes a value to its member if the key takes it; says whether it did.
struct Assign {
  AnySpec& spec;
  const JsonValue& value;

  bool operator()(const IntegerKey& key) const {
    const std::optional<std::int64_t> integer = as_integer(value);
    if (!integer || *integer < key.min || *integer > key.max) return false;
    key.member.write(spec) = *integer;
    return true;
  }
  bool operator()(const SeedKey& key) const {
    if (const auto* seed = std::get_if<std::uint64_t>(&value)) {
      key.member.write(spec) = *seed;
      return true;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      const std::optional<std::uint64_t> seed = seed_in(*text);
      if (seed) key.member.write(spec) = *seed;
      return seed.has_value();
    }
    const std::optional<std::int64_t> integer = as_integer(value);
    if (!integer || *integer < 0) return false;
    key.member.write(spec) = static_cast<std::uint64_t>(*integer);
    return true;
  }
  bool operator()(const NumberKey& key) const {
    const std::optional<double> number = as_number(value);
    if (!number || !std::isfinite(*number)) return false;
    if (!is_in_range(key, *number) || !describe_float(key, *number).empty()) return false;
    key.member.write(spec) = *number;
    return true;
  }
  bool operator()(const FractionKey& key) const {
    const std::optional<double> number = as_number(value);
    if (!number && !std::holds_alternative<std::nullptr_t>(value)) return false;
    if (number && !(*number >= 0 && *number <= 1)) return false;
    key.member.write(spec) = number;
    return true;
  }
  bool operator()(const FlagKey& key) const {
    const auto* flag = std::get_if<bool>(&value);
    if (flag != nullptr) key.member.write(spec) = *flag;
    return flag != nullptr;
  }
  bool operator()(const TextKey& key) const {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || (key.non_empty && text->empty()) || !keeps_rule(key.rule, *text)) return false;
    key.member.write(spec) = *text;
    return true;
  }
  bool operator()(const IntegersKey& key) const {
    const auto* list = std::get_if<JsonList>(&value);
    if (list == nullptr || !list->is_flat) return false;
    if (list->items.size() < key.least || list->items.size() > key.most) return false;
    std::vector<std::int64_t> integers;
    for (const JsonScalar& item : list->items) {
      const std::optional<std::int64_t> integer = as_integer(to_value(item));
      if (!integer || *integer < key.min || *integer > key.max) return false;
      integers.push_back(*integer);
    }
    key.member.write(spec) = std::move(integers);
    return true;
  }
  bool operator()(const TextsKey& key) const {
    const auto* list = std::get_if<JsonList>(&value);
    if (list == nullptr || !list->is_flat || list->items.size() > key.most) return false;
    std::vector<std::string> texts;
    for (const JsonScalar& item : list->items) {
      const auto* text = std::get_if<std::string>(&item);
      if (text == nullptr || text->empty() || !keeps_rule(TextRule::one_line, *text)) return false;
      texts.push_back(*text);
    }
    key.member.write(spec) = std::move(texts);
    return true;
  }
  bool operator()(const ChoiceKey& key) const {
    const auto* text = std::get_if<std::string>(&value);
    const auto found = text == nullptr ? key.names.end() : std::ranges::find(key.names, *text);
    if (found == key.names.end()) return false;
    key.write(spec, static_cast<std::size_t>(found - key.names.begin()));
    return true;
  }
};

std::string did_you_mean(std::string_view name, std::string_view quote) {
  return name.empty() ? std::string() : fmt::format(" Did you mean {}{}{}?", quote, name, quote);
}

/// Fills a spec from entries, then checks it as a whole.
class Filler {
 public:
  /// `tasks`: all that the key "task" may name.
  Filler(SpecTable tasks, const SpecKeys& keys, const std::vector<JsonEntry>& entries, Problems& problems)
      : keys_(keys), entries_(entries), problems_(problems), spec_(keys.make()) {
    ChoiceKey names;
    for (const SpecKeys* task : tasks) names.names.push_back(task->task());
    task_names_ = names;
  }

  std::unique_ptr<AnySpec> fill() {
    for (const JsonEntry& entry : entries_) take(entry);
    check_missing();
    for (const JsonEntry& entry : entries_) check_meaning(entry);
    keys_.check_rules(
        *spec_, [this](std::string_view key) { return !faulty_.contains(key); }, problems_);
    return std::move(spec_);
  }

 private:
  void take(const JsonEntry& entry) {
    if (entry.path.empty() || (!unknown_.empty() && is_inside(entry.path, unknown_))) return;
    if (const Field* field = keys_.find_field(entry.path)) return assign(*field, entry);
    if (keys_.find_group(entry.path) == nullptr) return report_unknown(entry);
    if (!std::holds_alternative<JsonObject>(entry.value)) report_group(entry);
  }

  static std::string float_remark(const Field& field, const JsonValue& value) {
    const auto* key = std::get_if<NumberKey>(&field.type);
    const std::optional<double> number = key == nullptr ? std::nullopt : as_number(value);
    if (!number || !is_in_range(*key, *number)) return "";
    return fmt::format(" In float32, with which srwm computes, that is {}.", describe_float(*key, *number));
  }

  void assign(const Field& field, const JsonEntry& entry) {
    given_.insert(field.path);
    if (std::visit(Assign{*spec_, entry.value}, field.type)) return;
    const KeyType& type = field.path == "task" ? task_names_ : field.type;
    std::string reason = fmt::format("must be {}; found {}.", allowed_values(type), describe(entry.value));
    reason += float_remark(field, entry.value);
    const auto* choice = std::get_if<ChoiceKey>(&type);
    const auto* text = std::get_if<std::string>(&entry.value);
    if (choice != nullptr && text != nullptr) reason += did_you_mean(nearest_name(*text, choice->names), "\"");
    problems_.add(entry.where, entry.path, reason);
    faulty_.insert(field.path);
    if (std::holds_alternative<JsonObject>(entry.value)) unknown_ = entry.path;  // nothing in it can be known
  }

  void report_unknown(const JsonEntry& entry) {
    problems_.add(entry.where, entry.path, "There is no such key." + did_you_mean(nearest_key(keys_, entry.path), ""));
    unknown_ = entry.path;
  }

  void report_group(const JsonEntry& entry) {
    problems_.add(entry.where, entry.path,
                  fmt::format("must be an object with keys such as \"{}\"; found {}.", first_key_in(entry.path),
                              describe(entry.value)));
  }

  std::string_view first_key_in(std::string_view group) const {
    const auto is_within = [&](const Field& field) { return parent_of(field.path) == group; };
    const auto found = std::ranges::find_if(keys_.fields(), is_within);
    return found == keys_.fields().end() ? "kind" : leaf_of(found->path);
  }

  void check_missing() {
    for (const Field& field : keys_.fields()) {
      if (!keys_.is_required(field) || given_.contains(field.path)) continue;
      problems_.add("", field.path, fmt::format("is missing; it must be {}.", allowed_values(field.type)));
    }
  }

  void check_meaning(const JsonEntry& entry) {
    const Field* field = keys_.find_field(entry.path);
    if (field == nullptr || field->applies(*spec_) || faulty_.contains(field->condition.key)) return;
    problems_.add(entry.where, entry.path,
                  fmt::format("has a meaning only if {}. Remove it, or change {}.", field->condition.words,
                              field->condition.key));
    faulty_.insert(field->path);
  }

  const SpecKeys& keys_;
  KeyType task_names_ = ChoiceKey();  ///< what the key "task" takes
  const std::vector<JsonEntry>& entries_;
  Problems& problems_;
  std::unique_ptr<AnySpec> spec_;
  std::set<std::string_view> given_;
  std::set<std::string_view> faulty_;  ///< keys with a problem; no further ones are told of them
  std::string_view unknown_;           ///< the last unknown key: what is inside it is passed over
};

/// The task that the topmost layer to name one names, or an override; empty if none does.
std::string named_task(std::span<const SpecLayer> layers, std::span<const std::string> overrides) {
  std::string named;
  for (const SpecLayer& layer : layers) {
    for (const JsonEntry& entry : layer.entries) {
      const auto* text = std::get_if<std::string>(&entry.value);
      if (entry.path == "task" && text != nullptr) named = *text;
    }
  }
  for (const std::string& text : overrides) {
    if (!text.starts_with("task=")) continue;
    named = text.substr(5);
    if (named.size() > 1 && named.front() == '"' && named.back() == '"') named = named.substr(1, named.size() - 2);
  }
  return named;
}

const SpecKeys* find_keys(SpecTable tasks, std::string_view name) {
  const auto found = std::ranges::find(tasks, name, &SpecKeys::task);
  return found == tasks.end() ? nullptr : *found;
}

/// Of the keys that the entries set; `origin` is the file whose lines they name without a path.
SpecOrigins origins_of(const SpecKeys& keys, const std::vector<JsonEntry>& entries, std::string_view origin) {
  SpecOrigins origins;
  for (const JsonEntry& entry : entries) {
    if (keys.find_field(entry.path) == nullptr) continue;
    origins[entry.path] = entry.where.starts_with("line ") ? fmt::format("{} {}", origin, entry.where) : entry.where;
  }
  return origins;
}

/// Puts layers together, the lowest first.
class Stack {
 public:
  Stack(SpecTable tasks, const SpecKeys& keys) : tasks_(tasks), keys_(keys) {}

  /// What the layers below say and this one takes the meaning from, by setting the key on which that depends, is left
  /// out: model.core.heads below "model.core.kind": "lstm".
  void add(std::vector<JsonEntry> layer) {
    std::set<std::string, std::less<>> set_here;
    for (const JsonEntry& entry : layer) set_here.insert(entry.path);
    for (JsonEntry& entry : layer) lay_over(keys_, entries_, std::move(entry));
    Problems not_yet;
    const std::unique_ptr<AnySpec> spec = Filler(tasks_, keys_, entries_, not_yet).fill();
    std::erase_if(entries_, [&](const JsonEntry& entry) {
      const Field* field = keys_.find_field(entry.path);
      return field != nullptr && !set_here.contains(entry.path) && set_here.contains(field->condition.key) &&
             !field->applies(*spec);
    });
  }

  /// The lowest layer, as it is.
  void begin(std::vector<JsonEntry> layer) { entries_ = std::move(layer); }

  const std::vector<JsonEntry>& entries() const { return entries_; }

 private:
  SpecTable tasks_;
  const SpecKeys& keys_;
  std::vector<JsonEntry> entries_;
};

std::unique_ptr<AnySpec> parse_layers(SpecTable tasks, std::vector<SpecLayer> layers, std::string_view origin,
                                      std::span<const std::string> overrides, Problems& problems,
                                      SpecOrigins* origins) {
  const SpecKeys* named = find_keys(tasks, named_task(layers, overrides));
  const SpecKeys& keys = named != nullptr ? *named : *tasks.front();
  Stack stack(tasks, keys);
  for (SpecLayer& layer : layers) {
    layer.extends ? stack.add(std::move(layer.entries)) : stack.begin(std::move(layer.entries));
  }
  std::vector<JsonEntry> from_options;
  for (const std::string& text : overrides)
    std::ranges::move(read_override(keys, text, problems), std::back_inserter(from_options));
  if (!from_options.empty()) stack.add(std::move(from_options));
  std::unique_ptr<AnySpec> spec = Filler(tasks, keys, stack.entries(), problems).fill();
  problems.throw_if_any(origin);
  if (origins != nullptr) *origins = origins_of(keys, stack.entries(), origin);
  return spec;
}

/// The same for one task; SpecError if they name another.
std::unique_ptr<AnySpec> parse_layers_of(const SpecKeys& keys, std::vector<SpecLayer> layers, std::string_view origin,
                                         std::span<const std::string> overrides, Problems& problems) {
  const std::string named = named_task(layers, overrides);
  if (!named.empty() && named != keys.task()) refuse_task(origin, named, keys.task());
  const SpecKeys* const table[] = {&keys};
  return parse_layers(table, std::move(layers), origin, overrides, problems, nullptr);
}

}  // namespace

std::unique_ptr<AnySpec> parse_spec(SpecTable tasks, std::string_view text, std::string_view origin,
                                    std::span<const std::string> overrides) {
  Problems problems;
  return parse_layers(tasks, {layer_of_text(text, origin, problems)}, origin, overrides, problems, nullptr);
}

std::unique_ptr<AnySpec> load_spec(SpecTable tasks, const std::filesystem::path& path,
                                   std::span<const std::string> overrides, SpecOrigins* origins) {
  Problems problems;
  return parse_layers(tasks, read_layers(path, problems), path.string(), overrides, problems, origins);
}

void refuse_task(std::string_view origin, std::string_view task, std::string_view needed) {
  throw SpecError("{} is a spec with task \"{}\", which srwm train-{} takes; here one with task \"{}\" is needed.",
                  origin, shown(task), shown(task), needed);
}

std::unique_ptr<AnySpec> parse_spec_of(const SpecKeys& keys, std::string_view text, std::string_view origin,
                                       std::span<const std::string> overrides) {
  Problems problems;
  std::vector<SpecLayer> layers;
  layers.push_back(layer_of_text(text, origin, problems));
  return parse_layers_of(keys, std::move(layers), origin, overrides, problems);
}

std::unique_ptr<AnySpec> load_spec_of(const SpecKeys& keys, const std::filesystem::path& path,
                                      std::span<const std::string> overrides) {
  Problems problems;
  return parse_layers_of(keys, read_layers(path, problems), path.string(), overrides, problems);
}

}  // namespace srwm
