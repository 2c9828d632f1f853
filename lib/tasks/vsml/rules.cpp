#include "tasks/vsml/rules.h"

#include <algorithm>

#include "spec/declare.h"
#include "tasks/vsml/sub_rnn_ticks.h"
#include "tasks/vsml/vsml_spec.h"

namespace srwm {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

/// A group of keys that describe streams, and whether anything is drawn from them.
struct StreamGroup {
  std::string name;
  const StreamSpec& streams;
  bool is_used;

  std::string key(const char* leaf) const { return name + "." + leaf; }
};

std::vector<StreamGroup> groups_of(const VsmlSpec& spec) {
  return {{"data", spec.data, spec.learns_streams()},
          {"validation", spec.validation.streams, true},
          {"test", spec.test.streams, spec.test.episodes > 0}};
}

void check_streams(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  for (const StreamGroup& group : groups_of(spec)) {
    const StreamSpec& streams = group.streams;
    const std::string datasets = group.key("datasets"), classes = group.key("classes");
    if (group.is_used && streams.datasets.empty() && is_valid(datasets)) {
      problems.add("", datasets, "must name at least one dataset.");
    }
    for (const std::string& list : is_valid(classes) ? streams.classes : std::vector<std::string>()) {
      if (parse_class_list(list)) continue;
      problems.add("", classes,
                   fmt::format("\"{}\" is not a list of classes: write at least two different numbers from 0 to {}, "
                               "separated by single spaces.",
                               shown(list), max_online_classes - 1));
    }
  }
}

void check_few_shot(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.episode.kind != EpisodeKind::few_shot || !is_valid("episode.kind")) return;
  for (const StreamGroup& group : groups_of(spec)) {
    const std::string datasets = group.key("datasets");
    if (!is_valid(datasets)) continue;
    if (group.name == "data" && group.streams.datasets.size() > 1) {
      problems.add("", datasets, "must be a single dataset where episode.kind is \"few_shot\".");
    }
    for (const std::string& name : group.streams.datasets) {
      if (name != "random" && name != "sum") continue;
      problems.add("", datasets, fmt::format("\"{}\" has no classes for episodes of kind \"few_shot\".", name));
    }
  }
}

/// The best model must not be chosen by what the test asks for.
void check_choice(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!spec.model.is_trained() || spec.validation.every == 0 || spec.test.episodes == 0) return;
  if (!all_valid(is_valid, {"data.datasets", "validation.datasets", "test.datasets"})) return;
  for (const std::string& name : spec.validation.streams.datasets) {
    if (!contains(spec.test.streams.datasets, name) || contains(spec.data.datasets, name)) continue;
    problems.add(
        "", "validation.datasets",
        fmt::format("\"{}\" is a dataset of the test that nothing is trained on: choosing the model by it would "
                    "be choosing by the test. Validate on other datasets.",
                    shown(name)));
  }
}

void check_layers(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.model.is_baseline() || !all_valid(is_valid, {"model.kind", "model.hidden"})) return;
  bool is_dense = false, has_convolution = false;
  for (const std::string& text : spec.model.hidden) {
    const std::optional<HiddenLayer> layer = parse_hidden_layer(text);
    if (!layer) {
      problems.add(
          "", "model.hidden",
          fmt::format("\"{}\" is not a layer: write \"dense UNITS\" or \"conv CHANNELS STRIDE\".", shown(text)));
    } else if (layer->is_convolution && is_dense) {
      problems.add("", "model.hidden", "a convolution cannot follow a dense layer.");
    }
    is_dense = is_dense || (layer && !layer->is_convolution);
    has_convolution = has_convolution || (layer && layer->is_convolution);
  }
  if (has_convolution && spec.data.pad && is_valid("data.pad")) {
    problems.add("", "data.pad", "must be false with a convolution, which needs images.");
  }
}

void check_messages(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.model.kind != ModelKind::vsml || !all_valid(is_valid, {"model.message", "model.output_index"})) return;
  if (spec.model.output_index < spec.model.message) return;
  problems.add(
      "", "model.output_index",
      fmt::format("must be below model.message, which is {}; found {}.", spec.model.message, spec.model.output_index));
}

/// Only sub-RNNs can be weights.
void check_gradient(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!spec.model.is_baseline() || spec.train.gradient != VsmlGradient::clone) return;
  if (!all_valid(is_valid, {"model.kind", "train.gradient"})) return;
  problems.add("", "train.gradient",
               fmt::format("must not be \"clone\" where model.kind is \"{}\": only \"vsml\" becomes a clone.",
                           name_of(spec.model.kind)));
}

/// Clones keep weight and bias in cells 0 and 1, the weight being the one that is drawn, and need parameters for both
/// ticks. Messages are added up, as in the network that is cloned.
void check_clone(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  const VsmlModelSpec& model = spec.model;
  if (model.kind != ModelKind::vsml || spec.train.gradient != VsmlGradient::clone || !is_valid("train.gradient"))
    return;
  const std::string why = "where train.gradient is \"clone\".";
  const auto require = [&](std::string_view key, bool holds, std::string_view value) {
    if (!holds && is_valid(key)) problems.add("", key, fmt::format("must be {} {}", value, why));
  };
  require("model.backward_pass", model.backward_pass, "true");
  require("model.separate_backward", model.separate_backward || !model.backward_pass, "true");
  require("model.merge", model.merge == MergeKind::sum, "\"sum\"");
  require("model.output_index", model.output_index == 0, "0");
  require("model.layer_norm", !model.layer_norm, "false");
  require("model.feed_label", !model.feed_label, "false");
  require("model.layerwise", !model.layerwise, "false");
  require("model.state", model.state >= 2, "at least 2");
  require("model.random_part", drawn_cells(model) == 1, "such that one of the cells is drawn: 1 / model.state");
  require("train.batch", spec.train.batch % static_cast<std::int64_t>(sub_rnn_lanes) == 0, "a multiple of 64");
}

/// Layers of the network that clones become are dense.
void check_dense(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  const bool is_dense = spec.model.kind == ModelKind::cloned_sgd ||
                        (spec.model.kind == ModelKind::vsml && spec.train.gradient == VsmlGradient::clone);
  if (!is_dense || !all_valid(is_valid, {"model.hidden", "model.kind", "train.gradient"})) return;
  for (const std::string& text : spec.model.hidden) {
    const std::optional<HiddenLayer> layer = parse_hidden_layer(text);
    if (layer && layer->is_convolution) problems.add("", "model.hidden", "must have dense layers alone for cloning.");
  }
}

void check_glyph_classes(const VsmlSpec& spec, const IsValid& is_valid, Problems& problems) {
  const bool is_few_shot = spec.episode.kind == EpisodeKind::few_shot;
  const std::int64_t needed = is_few_shot ? spec.episode.n_way : spec.data.glyph_classes;
  const char* key = is_few_shot ? "episode.n_way" : "data.glyph_classes";
  if (!spec.uses("glyphs") || !all_valid(is_valid, {"data.datasets", key})) return;
  const GlyphOptions& glyphs = spec.data.glyphs;
  const std::pair<std::string_view, std::int64_t> splits[] = {{"data.glyphs.train_classes", glyphs.train_classes},
                                                              {"data.glyphs.val_classes", glyphs.val_classes},
                                                              {"data.glyphs.test_classes", glyphs.test_classes}};
  for (const auto& [split, classes] : splits) {
    if (classes >= needed || !is_valid(split)) continue;
    problems.add("", split, fmt::format("{} classes do not fill a task of {} {} classes.", classes, key, needed));
  }
}

}  // namespace

void check_vsml_rules(const AnySpec& any, const IsValid& is_valid, Problems& problems) {
  const auto& spec = as<VsmlSpec>(any);
  for (const auto check : {check_streams, check_few_shot, check_choice, check_layers, check_messages, check_gradient,
                           check_clone, check_dense, check_glyph_classes}) {
    check(spec, is_valid, problems);
  }
  check_figures(any, is_valid, problems);
}

}  // namespace srwm
