// For the files that declare the keys of a task, each of which says `using Spec = ...;` first.
#pragma once

#include <cstdint>
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

/// What the optimizer steps of a task are called, for the keys that count them.
struct StepWords {
  std::string_view between_reports, between_checkpoints, unit;
};
inline constexpr StepWords in_steps{"Steps between lines of metrics.jsonl.", "Steps between writes of latest.h5.",
                                    "steps"};
inline constexpr StepWords in_updates{"Updates between lines of metrics.jsonl.", "Updates between writes of latest.h5.",
                                      "updates"};
inline constexpr std::int64_t most_steps = 1'000'000'000;

/// train.report_every.
template <typename Spec>
void add_report_every(std::vector<Field>& keys, const StepWords& words, const Condition& condition = {}) {
  keys.push_back({"train.report_every", IntegerKey{SRWM_MEMBER(train.report_every), 1, most_steps},
                  words.between_reports, words.unit, condition});
}

/// train.precision of tasks with convolutions.
template <typename Spec>
void add_precision(std::vector<Field>& keys) {
  keys.push_back({"train.precision", choice<Precision>(SRWM_MEMBER(train.precision), all_precisions),
                  "What factors in convolutions and matrix products are rounded to; sums and all else are float32. "
                  "tf32 (11 significant bits) and bf16 (8) are for GPUs; a CPU refuses to train with them."});
}

/// checkpoint.every and checkpoint.keep.
template <typename Spec>
void add_checkpoint(std::vector<Field>& keys, const StepWords& words, const Condition& condition = {}) {
  keys.push_back({"checkpoint.every", IntegerKey{SRWM_MEMBER(checkpoint.every), 1, most_steps},
                  words.between_checkpoints, words.unit, condition});
  keys.push_back({"checkpoint.keep", IntegerKey{SRWM_MEMBER(checkpoint.keep), 0, 1'000'000},
                  "Older checkpoints kept besides latest.h5 and best.h5, as step-<n>.h5.", "files", condition});
}

/// What the keys of a learning rate's schedule say of a task.
struct ScheduleWords {
  std::string_view kinds;      ///< which schedules there are
  std::string_view if_warmup;  ///< "optim.schedule is not \"constant\""
  std::string_view warmup;     ///< "Steps over which the rate rises."
  std::string_view decay;      ///< of decay_steps
  std::string_view unit;       ///< "steps"
};

/// optim.schedule and the keys that belong to it, for a Spec with a member optim.
template <typename Spec, typename Kind, std::size_t count>
void add_schedule(std::vector<Field>& keys, const Kind (&kinds)[count], const ScheduleWords& words) {
  const ConditionOn<Spec> if_warmup{"optim.schedule", words.if_warmup,
                                    [](const Spec& spec) { return has_warmup(spec.optim.schedule); }};
  const ConditionOn<Spec> if_decay{"optim.schedule", "optim.schedule is \"cosine\" or \"step\"",
                                   [](const Spec& spec) { return has_decay(spec.optim.schedule); }};
  keys.push_back({"optim.schedule", choice<Kind>(SRWM_MEMBER(optim.schedule), kinds), words.kinds});
  keys.push_back({"optim.warmup_steps", IntegerKey{SRWM_MEMBER(optim.warmup_steps), 1, most_steps}, words.warmup,
                  words.unit, if_warmup});
  keys.push_back({"optim.decay_steps", IntegerKey{SRWM_MEMBER(optim.decay_steps), 1, most_steps}, words.decay,
                  words.unit, if_decay});
  keys.push_back({"optim.decay", NumberKey{SRWM_MEMBER(optim.decay), 0, 1},
                  "Factor by which the rate falls: with \"cosine\" once, with \"step\" again and again.", "",
                  if_decay});
}

/// validation.patience, for a Spec with a member validation.
template <typename Spec>
void add_patience(std::vector<Field>& keys) {
  keys.push_back({"validation.patience", IntegerKey{SRWM_MEMBER(validation.patience), 0, most_steps},
                  "Validations in a row without a new best one after which training ends early; 0: it does not.",
                  "validations"});
}

/// The keys of Adam besides its learning rate, for a Spec with a member optim.
template <typename Spec>
void add_adam(std::vector<Field>& keys, const Condition& condition = {}) {
  keys.push_back({"optim.beta1", NumberKey{SRWM_MEMBER(optim.beta1), 0, 1, false, true},
                  "Decay of Adam's mean of gradients.", "", condition});
  keys.push_back({"optim.beta2", NumberKey{SRWM_MEMBER(optim.beta2), 0, 1, false, true},
                  "Decay of Adam's mean of squared gradients.", "", condition});
  keys.push_back({"optim.eps", NumberKey{SRWM_MEMBER(optim.eps), smallest_eps, 1},
                  "Added to the root of Adam's mean of squared gradients.", "", condition});
  keys.push_back({"optim.clip_norm", NumberKey{SRWM_MEMBER(optim.clip_norm), 0, unbounded},
                  "Largest norm of all gradients together, scaled down to it if above; 0: no clipping.", "",
                  condition});
}

/// The keys of generated characters, for a Spec with a member data.glyphs.
template <typename Spec>
void add_glyphs(std::vector<Field>& keys, const Condition& if_glyphs) {
  keys.push_back({"data.glyphs.image_size", IntegerKey{SRWM_MEMBER(data.glyphs.image_size), 16, 256},
                  "Height and width of the images.", "pixels", if_glyphs});
  keys.push_back({"data.glyphs.train_classes", IntegerKey{SRWM_MEMBER(data.glyphs.train_classes), 2, 20000},
                  "Characters in the training split.", "classes", if_glyphs});
  keys.push_back({"data.glyphs.val_classes", IntegerKey{SRWM_MEMBER(data.glyphs.val_classes), 2, 20000},
                  "Characters in the validation split.", "classes", if_glyphs});
  keys.push_back({"data.glyphs.test_classes", IntegerKey{SRWM_MEMBER(data.glyphs.test_classes), 2, 20000},
                  "Characters in the test split.", "classes", if_glyphs});
  keys.push_back({"data.glyphs.images_per_class", IntegerKey{SRWM_MEMBER(data.glyphs.images_per_class), 2, 1000},
                  "Drawings of each character.", "images", if_glyphs});
  keys.push_back({"data.glyphs.jitter", NumberKey{SRWM_MEMBER(data.glyphs.jitter), 0, 4},
                  "Scales how much the drawings of a character differ: 0 not at all, 1 the standard task.", "",
                  if_glyphs});
  keys.push_back({"data.glyphs.seed", SeedKey{SRWM_MEMBER(data.glyphs.seed)},
                  "Seed of the characters, apart from the seed of the run.", "", if_glyphs});
}

/// The keys of the group figures, with the meanings of figures.published and figures.expected, which must live as long
/// as the program.
void add_figures(std::vector<Field>& keys, std::string_view published, std::string_view expected);
/// Adds a problem for a published figure without a source.
void check_figures(const AnySpec& spec, const IsValid& is_valid, Problems& problems);

/// The keys that every spec has: task, name, comment, seed.
void add_general(std::vector<Field>& keys, std::string_view task);

}  // namespace srwm
