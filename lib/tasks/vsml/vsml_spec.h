// The spec of a learned learning rule as typed values. The keys are declared in tasks/vsml/keys.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/glyphs.h"
#include "data/online_options.h"
#include "data/online_stream.h"
#include "optim/options.h"
#include "spec/spec.h"
#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/clone_options.h"
#include "tasks/vsml/online_net.h"

namespace srwm {

const SpecKeys& vsml_keys();

inline constexpr Normalize all_normalizations[] = {Normalize::dataset, Normalize::image, Normalize::none};

/// As in specs: "dataset", "image", "none".
constexpr std::string_view name_of(Normalize normalize) {
  switch (normalize) {
    case Normalize::dataset:
      return "dataset";
    case Normalize::image:
      return "image";
    case Normalize::none:
      return "none";
  }
  return "?";
}

inline constexpr LabelOrder all_label_orders[] = {LabelOrder::appearance, LabelOrder::random};

/// As in specs: "appearance", "random".
constexpr std::string_view name_of(LabelOrder order) {
  return order == LabelOrder::appearance ? "appearance" : "random";
}

/// What an episode is.
enum class EpisodeKind {
  stream,    ///< images of a dataset one after the other
  few_shot,  ///< one image of each of n classes, then another image of one of them
};
inline constexpr EpisodeKind all_episode_kinds[] = {EpisodeKind::stream, EpisodeKind::few_shot};

/// As in specs: "stream", "few_shot".
constexpr std::string_view name_of(EpisodeKind kind) {
  return kind == EpisodeKind::stream ? "stream" : "few_shot";
}

/// Which examples of an episode the loss counts.
enum class LossKind { mean, last };
inline constexpr LossKind all_loss_kinds[] = {LossKind::mean, LossKind::last};

/// As in specs: "mean", "last".
constexpr std::string_view name_of(LossKind kind) {
  return kind == LossKind::mean ? "mean" : "last";
}

struct EpisodeSpec {
  EpisodeKind kind = EpisodeKind::stream;
  std::int64_t length = 500;  ///< of streams
  std::int64_t streams = 1;   ///< that a VSML network sees in parallel
  std::int64_t n_way = 5;     ///< of few-shot episodes
  LabelOrder label_order = LabelOrder::appearance;
  LossKind loss = LossKind::mean;
};

enum class ModelKind {
  vsml,
  meta_rnn,  ///< this one and the next three: tasks/vsml/baseline_net.h
  hebbian,
  fw_memory,
  fwp,
  sgd,         ///< gradient descent, nothing learned beforehand
  adam,        ///< likewise
  cloned_sgd,  ///< gradient descent in the network that VSML clones
};
inline constexpr ModelKind all_model_kinds[] = {ModelKind::vsml,      ModelKind::meta_rnn,  ModelKind::hebbian,
                                                ModelKind::fw_memory, ModelKind::fwp,       ModelKind::sgd,
                                                ModelKind::adam,      ModelKind::cloned_sgd};

/// As in specs: "vsml", "meta_rnn", "hebbian", "fw_memory", "fwp", "sgd", "adam", "cloned_sgd".
constexpr std::string_view name_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::vsml:
      return "vsml";
    case ModelKind::meta_rnn:
      return "meta_rnn";
    case ModelKind::hebbian:
      return "hebbian";
    case ModelKind::fw_memory:
      return "fw_memory";
    case ModelKind::fwp:
      return "fwp";
    case ModelKind::sgd:
      return "sgd";
    case ModelKind::adam:
      return "adam";
    case ModelKind::cloned_sgd:
      return "cloned_sgd";
  }
  return "?";
}

/// How the messages of sub-RNNs that meet are merged.
enum class MergeKind { mean, sum };
inline constexpr MergeKind all_merge_kinds[] = {MergeKind::mean, MergeKind::sum};

/// As in specs: "mean", "sum".
constexpr std::string_view name_of(MergeKind kind) {
  return kind == MergeKind::mean ? "mean" : "sum";
}

struct VsmlModelSpec {
  ModelKind kind = ModelKind::vsml;
  double bound = 100;  ///< logits are bound tanh(z / bound); 0: z

  // vsml
  std::vector<std::string> hidden;  ///< layers before the last, "dense 32" or "conv 8 2" (channels, stride)
  std::int64_t message = 8, state = 16, micro_ticks = 2;
  double random_part = 0.5;  ///< of the components of c that are drawn at the beginning of an episode
  MergeKind merge = MergeKind::mean;
  std::int64_t output_index = 1;  ///< component of the last messages that is read out, from 0
  bool layer_norm = false, backward_pass = false, separate_backward = false, feed_label = false, layerwise = false;
  bool published_conv_mask = true;

  // meta_rnn, hebbian, fw_memory, fwp
  std::int64_t lstm_units = 0;  ///< 0: as published
  bool oja = true, convolutions = false;
  std::int64_t memory = 16, fast_size = 64;

  // sgd, adam
  std::int64_t layers = 1, units = 160;
  double rate = 0.01;

  bool is_trained() const { return kind == ModelKind::vsml || is_baseline(); }
  bool is_baseline() const;
  /// Of a baseline.
  BaselineOptions baseline() const;
  /// Of "sgd" and "adam".
  OnlineNetOptions online_net() const;
};

enum class VsmlGradient {
  evolution,
  backward,
  clone,  ///< of the difference between a sub-RNN and a weight under gradient descent (tasks/vsml/clone.h)
};
inline constexpr VsmlGradient all_vsml_gradients[] = {VsmlGradient::evolution, VsmlGradient::backward,
                                                      VsmlGradient::clone};

/// As in specs: "evolution", "backward", "clone".
constexpr std::string_view name_of(VsmlGradient gradient) {
  switch (gradient) {
    case VsmlGradient::evolution:
      return name_of(GradientSource::evolution);
    case VsmlGradient::backward:
      return name_of(GradientSource::backward);
    case VsmlGradient::clone:
      return "clone";
  }
  return "?";
}

struct VsmlTrainSpec {
  std::int64_t steps = 10001;
  VsmlGradient gradient = VsmlGradient::evolution;
  EvolutionOptions evolution;
  std::int64_t batch = 128;     ///< episodes of a pass; with "clone" sub-RNNs
  std::int64_t accumulate = 1;  ///< passes of a step
  std::int64_t report_every = 100;
  Precision precision = Precision::fp32;
};

/// Streams to learn from: datasets, and the variations that make tasks of them (data/online_options.h).
struct StreamSpec {
  std::vector<std::string> datasets;
  std::int64_t tasks = 0;
  double project = 0, permute_pixels = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::string> classes;  ///< lists such as "5 8 1"
  bool permute_labels = false;
};

/// What a rule is trained on, and what holds for all streams.
struct TrainingStreamSpec : StreamSpec {
  TrainingStreamSpec() : StreamSpec{.datasets = {"mnist"}, .tasks = 128, .project = 0.5} {}
  Normalize normalize = Normalize::dataset;
  std::int64_t glyph_classes = 10;  ///< of a task on the dataset "glyphs"
  bool pad = false;
  GlyphOptions glyphs;
};

/// An evaluation on streams of several datasets.
struct StreamTestSpec {
  StreamSpec streams;
  std::int64_t length = 2000;  ///< of streams
  std::int64_t episodes = 32;  ///< of each dataset; 0: no evaluation
};

struct VsmlValidationSpec : StreamTestSpec {
  std::int64_t every = 100;  ///< steps; 0: never
};

/// A learning rule to be meta-trained, or one to be evaluated as it is.
struct VsmlSpec : AnySpec {
  VsmlSpec();
  std::unique_ptr<AnySpec> clone() const override { return std::make_unique<VsmlSpec>(*this); }
  LoopOptions loop() const override;
  const SpecKeys& keys() const override { return vsml_keys(); }
  /// Whether a model is trained on streams.
  bool learns_streams() const { return model.is_trained() && train.gradient != VsmlGradient::clone; }
  /// Sequences of an episode: 1 unless VSML learns streams.
  std::int64_t streams() const;
  /// Whether anything is drawn from this dataset.
  bool uses(std::string_view dataset) const;

  TrainingStreamSpec data;
  EpisodeSpec episode;
  VsmlModelSpec model;
  OptimOptions optim;
  VsmlTrainSpec train;
  CloneOptions clone_options;
  VsmlValidationSpec validation;
  StreamTestSpec test;
  CheckpointSpec checkpoint;
};

/// A hidden layer of a VSML network as a spec has it: "dense 32", "conv 8 2".
struct HiddenLayer {
  bool is_convolution = false;
  std::int64_t out = 0;     ///< units or channels
  std::int64_t stride = 1;  ///< of a convolution
};

/// Cells of a sub-RNN, from the first on, that an episode begins with random numbers in: floor(state random_part).
std::int64_t drawn_cells(const VsmlModelSpec& model);

/// None if the text is not a layer.
std::optional<HiddenLayer> parse_hidden_layer(std::string_view text);
/// A list of classes, "5 8 1": at least two different numbers from 0 to max_online_classes - 1; none if it is not.
std::optional<std::vector<std::int64_t>> parse_class_list(std::string_view text);

/// What the streams of a group of the spec are made of, "data", "validation" or "test".
OnlineOptions online_options(const VsmlSpec& spec, const StreamSpec& streams, std::string_view group);

}  // namespace srwm
