#include "spec/spec_testing.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/print.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/rl/rl_spec.h"
#include "tasks/task_table.h"

namespace srwm::testing {
namespace {

/// Writes a random allowed value to a member.
struct Randomize {
  AnySpec& spec;
  RandomSequence& random;

  void operator()(const IntegerKey& key) const {
    const std::int64_t span = std::min<std::int64_t>(key.max - key.min, 1 + random.below(2000));
    const bool is_end = random.below(4) == 0;
    key.member.write(spec) = is_end ? (random.below(2) == 0 ? key.min : key.max)
                                    : key.min + random.below(static_cast<std::uint32_t>(span + 1));
  }
  void operator()(const SeedKey& key) const { key.member.write(spec) = random.next_u64(); }
  void operator()(const NumberKey& key) const {
    const double max = std::isfinite(key.max) ? key.max : 1e3;
    const double value = random.uniform(key.min, max);
    key.member.write(spec) = key.min_excluded && value == key.min ? max : value;
  }
  void operator()(const FractionKey& key) const {
    key.member.write(spec) = random.below(3) == 0 ? std::nullopt : std::optional<double>(random.uniform());
  }
  void operator()(const FlagKey& key) const { key.member.write(spec) = random.below(2) == 1; }
  void operator()(const TextKey& key) const {
    const std::vector<std::string> any = {"", "\xC3\xA9t\xC3\xA9 \xE2\x86\x92 \"quoted\" \\ \n\t\x01", "a/b.h5",
                                          "null"};
    const std::vector<std::string> one_line = {"glyphs", "omniglot", "../dir with spaces/\xC3\xA9.h5", "1"};
    const std::vector<std::string> names = {"a", "Omniglot_1-shot.v2", std::string(100, 'x')};
    const auto& texts = key.rule == TextRule::any ? any : key.rule == TextRule::one_line ? one_line : names;
    key.member.write(spec) = texts[random.below(static_cast<std::uint32_t>(texts.size()))];
  }
  void operator()(const IntegersKey& key) const {
    std::vector<std::int64_t>& values = key.member.write(spec);
    values.resize(1 + random.below(static_cast<std::uint32_t>(std::min<std::size_t>(key.most, 5))));
    for (std::int64_t& value : values) value = random.below(2) == 0 ? key.min : key.max;
  }
  void operator()(const TextsKey& key) const {
    key.member.write(spec) = std::vector<std::string>(random.below(3), "a=b \xC3\xA9");
  }
  void operator()(const ChoiceKey& key) const {
    key.write(spec, random.below(static_cast<std::uint32_t>(key.names.size())));
  }
};

/// Makes values that do not fit together fit.
void repair(ExperimentSpec& spec) {
  spec.model.core.hidden = std::min<std::int64_t>(spec.model.core.hidden, 64) * spec.model.core.heads;
  VisionOptions& vision = spec.model.vision;
  if (vision.kind == VisionKind::conv4 && vision.dropout_kind != DropoutKind::base) {
    vision.dropout_kind = DropoutKind::base_2d;
  }
  vision.channels += vision.channels % 2;
  spec.protocol.first_ways = std::min(spec.protocol.first_ways, spec.protocol.n_way);
  if (spec.protocol.first_ways == 1) spec.protocol.first_ways = 2;
  spec.protocol.ways_steps = std::max<std::int64_t>(spec.protocol.ways_steps, 1);
  for (std::int64_t* classes :
       {&spec.data.glyphs.train_classes, &spec.data.glyphs.val_classes, &spec.data.glyphs.test_classes}) {
    *classes = std::max(*classes, spec.protocol.n_way);
  }
  spec.protocol.k_shot = std::min<std::int64_t>(spec.protocol.k_shot, 500);
  spec.protocol.queries = std::min<std::int64_t>(spec.protocol.queries, 500);
  if (spec.protocol.protocol == Protocol::sequential) {
    spec.data.train_episodes.clear();
    spec.protocol.first_ways = 0;
    spec.protocol.max_trim = std::min(spec.protocol.max_trim, spec.protocol.n_way * spec.protocol.k_shot - 1);
  }
  spec.bootstrap.future_shots = std::min<std::int64_t>(spec.bootstrap.future_shots, 300);
  if (spec.protocol.protocol == Protocol::sync && spec.bootstrap.kind != BootstrapKind::none) {
    spec.data.train_episodes.clear();
    spec.protocol.k_shot = std::min<std::int64_t>(spec.protocol.k_shot, 200);
    if (spec.model.core.kind == CoreKind::transformer) spec.bootstrap.kind = BootstrapKind::kl;
  } else {
    spec.bootstrap = {};
  }
  spec.data.glyphs.images_per_class =
      std::max(spec.data.glyphs.images_per_class,
               spec.protocol.k_shot + spec.protocol.queries +
                   (spec.bootstrap.kind == BootstrapKind::none ? 0 : spec.bootstrap.future_shots));
  if (spec.figures.published) spec.figures.source = "table 1";
}

void repair(RlSpec& spec) {
  if (spec.env.games.empty()) spec.env.games = {"signpost"};
  spec.train.accumulate = std::min<std::int64_t>(spec.train.accumulate, 8);
  spec.env.actors = 2 * spec.train.accumulate * static_cast<std::int64_t>(spec.env.games.size());
  spec.validation.every = 0;  // its levels must not be those of other splits
  if (spec.env.levels == 0) spec.env.first_level = 0;
  spec.agent.hidden = std::min<std::int64_t>(spec.agent.hidden, 64) * spec.agent.heads;
  spec.test.episodes = std::min<std::int64_t>(spec.test.episodes, 1000) * spec.test.envs;
  if (spec.figures.published) spec.figures.source = "table 1";
}

/// Puts keys without a meaning back to their default.
void reset_meaningless(AnySpec& spec) {
  const SpecKeys& keys = spec.keys();
  const AnySpec& defaults = keys.defaults();
  if (spec.task() == "fewshot" && as<ExperimentSpec>(spec).data.dataset != "glyphs") {
    as<ExperimentSpec>(spec).data.glyphs = GlyphOptions();
  }
  for (const Field& field : keys.fields()) {
    if (field.applies(spec)) continue;
    std::visit(
        [&](const auto& key) {
          if constexpr (requires { key.member; }) {
            key.member.write(spec) = key.member.read(defaults);
          } else {
            const auto place = std::ranges::find(key.names, key.read(defaults)) - key.names.begin();
            key.write(spec, static_cast<std::size_t>(place));
          }
        },
        field.type);
  }
}

template <typename Spec>
Spec random_spec_of(std::uint64_t seed) {
  RandomSequence random(seed, Stream::init, 0);
  Spec spec;
  spec.name = "random";
  for (const Field& field : spec.keys().fields()) {
    if (field.path != "task" && random.below(2) == 0) std::visit(Randomize{spec, random}, field.type);
  }
  repair(spec);
  reset_meaningless(spec);
  return spec;
}

}  // namespace

std::string refusal(std::string_view text, const std::vector<std::string>& overrides) {
  try {
    parse_any_spec_text(text, "test.json", overrides);
    return "valid";
  } catch (const SpecError& error) {
    return error.what();
  }
}

std::string all_values(const AnySpec& spec) {
  std::string values;
  for (const Field& field : spec.keys().fields())
    values += fmt::format("{} = {}\n", field.path, value_of(field, spec).dump());
  return values;
}

ExperimentSpec random_spec(std::uint64_t seed) {
  return random_spec_of<ExperimentSpec>(seed);
}

RlSpec random_rl_spec(std::uint64_t seed) {
  return random_spec_of<RlSpec>(seed);
}

}  // namespace srwm::testing
