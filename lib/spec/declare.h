// For the files that declare the keys of a task, each of which says `using Spec = ...;` first.
#pragma once

#include <limits>
#include <string_view>
#include <vector>

#include "spec/fields.h"

namespace srwm {

/// Below it, the mean of squared gradients underflows in float32 while a gradient divided by it does not.
inline constexpr double smallest_eps = 1e-20;
inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// The member of the file's Spec, as Member takes it.
#define SRWM_MEMBER(member)       \
  [](auto& spec) -> auto& {       \
    return as<Spec>(spec).member; \
  }

/// A choice between the values of an enum, by their names.
template <typename Enum, std::size_t count>
ChoiceKey choice(Member<Enum> member, const Enum (&values)[count]) {
  ChoiceKey key;
  for (const Enum value : values) key.names.push_back(name_of(value));
  key.write = [member, &values](AnySpec& spec, std::size_t i) { member.write(spec) = values[i]; };
  key.read = [member](const AnySpec& spec) { return name_of(member.read(spec)); };
  return key;
}

/// A condition on a spec of one task.
template <typename Spec>
struct ConditionOn {
  std::string_view key, words;
  bool (*holds)(const Spec&);

  operator Condition() const {  // NOLINT(google-explicit-constructor)
    return {key, words, [predicate = holds](const AnySpec& spec) { return predicate(as<Spec>(spec)); }};
  }
};

/// train.population and train.noise, for a Spec with a member train.evolution; `if_evolution` says that train.gradient
/// is "evolution".
template <typename Spec>
void add_evolution(std::vector<Field>& keys, const Condition& if_evolution) {
  keys.push_back({"train.population", IntegerKey{SRWM_MEMBER(train.evolution.population), 1, 1'000'000},
                  "Antithetic pairs of an optimizer step, each with its own data: twice as many losses.", "pairs",
                  if_evolution});
  keys.push_back({"train.noise", NumberKey{SRWM_MEMBER(train.evolution.noise), 0, 1000, true, false},
                  "Standard deviation of the normal noise on every parameter.", "", if_evolution});
}

/// The keys that every spec has: task, name, comment, seed.
void add_general(std::vector<Field>& keys, std::string_view task);

}  // namespace srwm
