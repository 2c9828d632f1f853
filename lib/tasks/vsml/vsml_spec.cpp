#include "tasks/vsml/vsml_spec.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace srwm {
namespace {

/// The words of a text, separated by single spaces; an empty one where there are more.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t end = text.find(' ');
    words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

/// A number from `least` to `most`.
std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) return std::nullopt;
  return number;
}

constexpr std::int64_t most_units = 65536, most_stride = 16;

}  // namespace

VsmlSpec::VsmlSpec() {
  optim = {.rate = 0.025, .beta2 = 0.999, .eps = 1e-8};
  validation.streams.datasets = {"mnist"};
  test.streams.datasets = {"mnist", "fashion_mnist"};
  checkpoint.every = 500;
}

LoopOptions VsmlSpec::loop() const {
  LoopOptions loop = loop_of(*this);
  const bool has_population = train.gradient == VsmlGradient::evolution;
  loop.gradient = has_population ? GradientSource::evolution : GradientSource::backward;
  loop.evolution = train.evolution;
  return loop;
}

std::int64_t VsmlSpec::streams() const {
  const bool is_used = model.kind == ModelKind::vsml && learns_streams() && episode.kind == EpisodeKind::stream;
  return is_used ? episode.streams : 1;
}

bool VsmlSpec::uses(std::string_view dataset) const {
  const auto has = [&](const StreamSpec& streams) {
    return std::ranges::find(streams.datasets, dataset) != streams.datasets.end();
  };
  return (learns_streams() && has(data)) || has(validation.streams) || (test.episodes > 0 && has(test.streams));
}

OnlineNetOptions VsmlModelSpec::online_net() const {
  return {.rule = kind == ModelKind::adam ? OnlineRule::adam : OnlineRule::sgd,
          .layers = layers,
          .hidden = units,
          .rate = rate,
          .bound = bound};
}

bool VsmlModelSpec::is_baseline() const {
  return kind == ModelKind::meta_rnn || kind == ModelKind::hebbian || kind == ModelKind::fw_memory ||
         kind == ModelKind::fwp;
}

BaselineOptions VsmlModelSpec::baseline() const {
  BaselineOptions options{.micro_ticks = micro_ticks,
                          .oja = oja,
                          .memory = memory,
                          .fast_size = fast_size,
                          .convolutions = convolutions,
                          .bound = bound};
  options.lstm_units = kind == ModelKind::meta_rnn ? 128 : 32;
  if (lstm_units > 0) options.lstm_units = lstm_units;
  switch (kind) {
    case ModelKind::hebbian:
      options.kind = BaselineKind::hebbian;
      break;
    case ModelKind::fw_memory:
      options.kind = BaselineKind::fw_memory;
      break;
    case ModelKind::fwp:
      options.kind = BaselineKind::fwp;
      break;
    default:
      options.kind = BaselineKind::meta_rnn;
  }
  return options;
}

std::int64_t drawn_cells(const VsmlModelSpec& model) {
  return static_cast<std::int64_t>(static_cast<double>(model.state) * model.random_part);
}

std::optional<HiddenLayer> parse_hidden_layer(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  const bool dense = words.size() == 2 && words[0] == "dense", conv = words.size() == 3 && words[0] == "conv";
  if (!dense && !conv) return std::nullopt;
  const std::optional<std::int64_t> out = parse_number(words[1], 1, most_units);
  const std::optional<std::int64_t> stride =
      conv ? parse_number(words[2], 1, most_stride) : std::optional<std::int64_t>(1);
  if (!out || !stride) return std::nullopt;
  return HiddenLayer{.is_convolution = conv, .out = *out, .stride = *stride};
}

std::optional<std::vector<std::int64_t>> parse_class_list(std::string_view text) {
  std::vector<std::int64_t> classes;
  for (const std::string_view word : words_of(text)) {
    const std::optional<std::int64_t> number = parse_number(word, 0, max_online_classes - 1);
    if (!number || std::ranges::find(classes, *number) != classes.end()) return std::nullopt;
    classes.push_back(*number);
  }
  return classes.size() < 2 ? std::nullopt : std::optional(classes);
}

OnlineOptions online_options(const VsmlSpec& spec, const StreamSpec& streams, std::string_view group) {
  OnlineOptions options{.datasets = streams.datasets,
                        .normalize = spec.data.normalize,
                        .tasks = streams.tasks,
                        .project = streams.project,
                        .permute_pixels = streams.permute_pixels,
                        .sizes = streams.sizes,
                        .permute_labels = streams.permute_labels,
                        .glyph_classes = spec.data.glyph_classes,
                        .pad = spec.data.pad,
                        .group = std::string(group)};
  for (const std::string& list : streams.classes) options.classes.push_back(parse_class_list(list).value());
  return options;
}

}  // namespace srwm
