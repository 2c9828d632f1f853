#include "tasks/fewshot/rules.h"

#include <algorithm>
#include <limits>

#include "spec/declare.h"
#include "tasks/fewshot/fewshot_spec.h"

namespace srwm {
namespace {

/// The divisors of n next to `wished`, in words: "8 or 16".
std::string nearest_divisors(std::int64_t n, std::int64_t wished) {
  std::int64_t below = std::min(wished, n), above = below;
  while (n % below != 0) --below;
  while (n % above != 0) ++above;
  return below == above ? fmt::to_string(below) : fmt::format("{} or {}", below, above);
}

void check_heads(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  const CoreOptions& core = spec.model.core;
  if (core.kind == CoreKind::lstm || core.hidden % core.heads == 0) return;
  if (!all_valid(is_valid, {"model.core.kind", "model.core.hidden", "model.core.heads"})) return;
  problems.add("", "model.core.heads",
               fmt::format("hidden units are split evenly over heads, but model.core.hidden is {} and heads is {}. The "
                           "nearest number of heads that divides hidden is {}.",
                           core.hidden, core.heads, nearest_divisors(core.hidden, core.heads)));
}

void check_warmup(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!has_warmup(spec.optim.schedule) || spec.optim.schedule == ScheduleKind::transformer_warmup) return;
  if (!all_valid(is_valid, {"optim.schedule", "optim.rate", "optim.warmup_steps"})) return;
  const double first = spec.optim.rate / static_cast<double>(spec.optim.warmup_steps);
  if (first >= static_cast<double>(std::numeric_limits<float>::min())) return;
  problems.add("", "optim.rate",
               fmt::format("the first step's rate, optim.rate / optim.warmup_steps = {:.2g}, is too small for float32. "
                           "Raise optim.rate or lower optim.warmup_steps.",
                           first));
}

void check_vision(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  const VisionOptions& vision = spec.model.vision;
  if (!is_valid("model.vision.kind")) return;
  const bool inside = vision.dropout_kind == DropoutKind::inblock || vision.dropout_kind == DropoutKind::inblock_2d;
  if (vision.kind == VisionKind::conv4 && inside && is_valid("model.vision.dropout_kind")) {
    problems.add("", "model.vision.dropout_kind",
                 fmt::format("\"{}\" drops inside the blocks of a res12; conv4 takes \"base\" and \"2d\".",
                             name_of(vision.dropout_kind)));
  }
  const bool odd = vision.kind == VisionKind::res12 && vision.size == ResNetSize::base && vision.channels % 2 != 0;
  if (odd && all_valid(is_valid, {"model.vision.channels", "model.vision.size"})) {
    problems.add(
        "", "model.vision.channels",
        fmt::format("must be even for a res12 of size \"base\", whose second block has 1.5 times as many; found {}.",
                    vision.channels));
  }
}

void check_ways(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  const EpisodeOptions& protocol = spec.protocol;
  if (protocol.first_ways == 0 ||
      !all_valid(is_valid, {"protocol.first_ways", "protocol.n_way", "protocol.ways_steps"})) {
    return;
  }
  if (protocol.first_ways < 2 || protocol.first_ways > protocol.n_way) {
    problems.add("", "protocol.first_ways",
                 fmt::format("must be 0 or from 2 to protocol.n_way, which is {}; found {}.", protocol.n_way,
                             protocol.first_ways));
  }
  if (protocol.ways_steps == 0) {
    problems.add("", "protocol.ways_steps", "must be above 0 where protocol.first_ways is set.");
  }
}

void check_sequential(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  const EpisodeOptions& protocol = spec.protocol;
  if (protocol.protocol != Protocol::sequential || !is_valid("protocol.kind")) return;
  if (!spec.data.train_episodes.empty() && is_valid("data.train_episodes")) {
    problems.add("", "data.train_episodes", "an episodes file holds no sequential episodes: leave it out.");
  }
  if (protocol.first_ways != 0 && is_valid("protocol.first_ways")) {
    problems.add("", "protocol.first_ways", "must be 0 with the protocol \"sequential\".");
  }
  const std::int64_t segment = protocol.n_way * protocol.k_shot;
  if (protocol.max_trim >= segment && all_valid(is_valid, {"protocol.max_trim", "protocol.n_way", "protocol.k_shot"})) {
    problems.add("", "protocol.max_trim",
                 fmt::format("must be below the {} images of a task (protocol.n_way * protocol.k_shot); found {}.",
                             segment, protocol.max_trim));
  }
}

void check_bootstrap(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.bootstrap.kind == BootstrapKind::none || !is_valid("bootstrap.kind")) return;
  if (!spec.data.train_episodes.empty() && is_valid("data.train_episodes")) {
    problems.add("", "data.train_episodes", "an episodes file holds no future images for bootstrapping: leave it out.");
  }
  const bool grows = spec.model.core.kind == CoreKind::transformer;
  if (grows && spec.bootstrap.kind == BootstrapKind::state_mse && is_valid("model.core.kind")) {
    problems.add("", "bootstrap.kind",
                 "\"state_mse\" compares states of one size, but those of the core \"transformer\" grow with the "
                 "sequence. Choose \"kl\".");
  }
}

void check_glyph_split(std::string_view key, std::int64_t classes, const ExperimentSpec& spec, const IsValid& is_valid,
                       Problems& problems) {
  const std::int64_t turns = spec.protocol.rotations ? 4 : 1;
  if (classes * turns >= spec.protocol.n_way || !all_valid(is_valid, {key, "protocol.n_way", "protocol.rotations"}))
    return;
  problems.add("", key,
               fmt::format("{} classes do not fill an episode of protocol.n_way {} classes.", classes * turns,
                           spec.protocol.n_way));
}

void check_glyphs(const ExperimentSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.data.dataset != "glyphs" || !is_valid("data.dataset")) return;
  const GlyphOptions& glyphs = spec.data.glyphs;
  check_glyph_split("data.glyphs.train_classes", glyphs.train_classes, spec, is_valid, problems);
  check_glyph_split("data.glyphs.val_classes", glyphs.val_classes, spec, is_valid, problems);
  check_glyph_split("data.glyphs.test_classes", glyphs.test_classes, spec, is_valid, problems);

  // All queries may be of one class.
  const std::int64_t queries = spec.protocol.protocol == Protocol::sync ? spec.protocol.queries : 0;
  const bool bootstrapped = queries > 0 && spec.bootstrap.kind != BootstrapKind::none;
  const std::int64_t needed = spec.protocol.k_shot + queries + (bootstrapped ? spec.bootstrap.future_shots : 0);
  if (glyphs.images_per_class >= needed) return;
  if (!all_valid(is_valid, {"data.glyphs.images_per_class", "protocol.k_shot", "protocol.queries", "protocol.kind",
                            "bootstrap.kind", "bootstrap.future_shots"})) {
    return;
  }
  problems.add("", "data.glyphs.images_per_class",
               fmt::format("must be at least {}: an episode may show that many images of a class (protocol.k_shot{}); "
                           "found {}.",
                           needed,
                           bootstrapped  ? " + bootstrap.future_shots + protocol.queries"
                           : queries > 0 ? " + protocol.queries"
                                         : "",
                           glyphs.images_per_class));
}

}  // namespace

void check_fewshot_rules(const AnySpec& any, const IsValid& is_valid, Problems& problems) {
  const auto& spec = as<ExperimentSpec>(any);
  for (const auto check :
       {check_glyphs, check_sequential, check_bootstrap, check_ways, check_vision, check_heads, check_warmup}) {
    check(spec, is_valid, problems);
  }
  check_figures(any, is_valid, problems);
}

}  // namespace srwm
