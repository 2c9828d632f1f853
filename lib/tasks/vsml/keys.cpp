// The keys of specs of learning rules.
#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "spec/declare.h"
#include "tasks/vsml/rules.h"
#include "tasks/vsml/vsml_spec.h"

namespace srwm {
namespace {

using Spec = VsmlSpec;

bool is_vsml(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::vsml;
}
bool is_online_net(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::sgd || spec.model.kind == ModelKind::adam;
}
bool has_layers(const VsmlSpec& spec) {
  return is_vsml(spec) || spec.model.kind == ModelKind::cloned_sgd;
}
bool has_micro_ticks(const VsmlSpec& spec) {
  return is_vsml(spec) || spec.model.kind == ModelKind::meta_rnn;
}
bool has_lstm(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::meta_rnn || spec.model.kind == ModelKind::fw_memory;
}
bool is_hebbian(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::hebbian;
}
bool is_fw_memory(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::fw_memory;
}
bool is_fwp(const VsmlSpec& spec) {
  return spec.model.kind == ModelKind::fwp;
}
bool takes_images(const VsmlSpec& spec) {
  return spec.model.is_baseline() && !is_fwp(spec);
}
bool learns_streams(const VsmlSpec& spec) {
  return spec.learns_streams();
}
bool learns_long_streams(const VsmlSpec& spec) {
  return spec.learns_streams() && spec.episode.kind == EpisodeKind::stream;
}
bool learns_vsml_streams(const VsmlSpec& spec) {
  return is_vsml(spec) && learns_long_streams(spec);
}
bool is_clone(const VsmlSpec& spec) {
  return spec.model.is_trained() && spec.train.gradient == VsmlGradient::clone;
}
bool has_clone_rates(const VsmlSpec& spec) {
  return is_clone(spec) || spec.model.kind == ModelKind::cloned_sgd;
}
bool has_hidden_units(const VsmlSpec& spec) {
  return is_online_net(spec) && spec.model.layers == 2;
}
bool has_hidden_layers(const VsmlSpec& spec) {
  return is_vsml(spec) && !spec.model.hidden.empty();
}
bool has_convolution(const VsmlSpec& spec) {
  const auto is_convolution = [](const std::string& text) { return text.starts_with("conv"); };
  return is_vsml(spec) && std::ranges::any_of(spec.model.hidden, is_convolution);
}
bool has_backward_pass(const VsmlSpec& spec) {
  return is_vsml(spec) && spec.model.backward_pass;
}
bool is_trained(const VsmlSpec& spec) {
  return spec.model.is_trained();
}
bool has_population(const VsmlSpec& spec) {
  return is_trained(spec) && spec.train.gradient == VsmlGradient::evolution;
}
bool has_passes(const VsmlSpec& spec) {
  return is_trained(spec) && spec.train.gradient != VsmlGradient::evolution;
}
bool has_streams(const VsmlSpec& spec) {
  return spec.episode.kind == EpisodeKind::stream;
}
bool is_few_shot(const VsmlSpec& spec) {
  return spec.episode.kind == EpisodeKind::few_shot;
}
bool draws_glyphs(const VsmlSpec& spec) {
  return spec.uses("glyphs");
}
bool draws_glyph_streams(const VsmlSpec& spec) {
  return has_streams(spec) && draws_glyphs(spec);
}

constexpr ConditionOn<Spec> if_vsml{"model.kind", "model.kind is \"vsml\"", is_vsml};
constexpr ConditionOn<Spec> if_online_net{"model.kind", "model.kind is \"sgd\" or \"adam\"", is_online_net};
constexpr ConditionOn<Spec> if_hidden_units{"model.layers", "model.layers is 2", has_hidden_units};
constexpr ConditionOn<Spec> if_hidden_layers{"model.hidden", "model.hidden has a layer", has_hidden_layers};
constexpr ConditionOn<Spec> if_convolution{"model.hidden", "model.hidden has a convolution", has_convolution};
constexpr ConditionOn<Spec> if_backward_pass{"model.backward_pass", "model.backward_pass is true", has_backward_pass};
constexpr ConditionOn<Spec> if_micro_ticks{"model.kind", "model.kind is \"vsml\" or \"meta_rnn\"", has_micro_ticks};
constexpr ConditionOn<Spec> if_lstm{"model.kind", "model.kind is \"meta_rnn\" or \"fw_memory\"", has_lstm};
constexpr ConditionOn<Spec> if_hebbian{"model.kind", "model.kind is \"hebbian\"", is_hebbian};
constexpr ConditionOn<Spec> if_fw_memory{"model.kind", "model.kind is \"fw_memory\"", is_fw_memory};
constexpr ConditionOn<Spec> if_fwp{"model.kind", "model.kind is \"fwp\"", is_fwp};
constexpr ConditionOn<Spec> if_takes_images{"model.kind", "model.kind is \"meta_rnn\", \"hebbian\" or \"fw_memory\"",
                                            takes_images};
constexpr ConditionOn<Spec> if_trained{
    "model.kind", "model.kind is \"vsml\", \"meta_rnn\", \"hebbian\", \"fw_memory\" or \"fwp\"", is_trained};
constexpr ConditionOn<Spec> if_evolution{"train.gradient", "train.gradient is \"evolution\"", has_population};
constexpr ConditionOn<Spec> if_passes{"train.gradient", "train.gradient is not \"evolution\"", has_passes};
constexpr ConditionOn<Spec> if_layers{"model.kind", "model.kind is \"vsml\" or \"cloned_sgd\"", has_layers};
constexpr ConditionOn<Spec> if_data{"model.kind",
                                    "a model is trained on streams: not \"sgd\", \"adam\", \"cloned_sgd\", and "
                                    "not with the gradient \"clone\"",
                                    learns_streams};
constexpr ConditionOn<Spec> if_data_streams{
    "episode.kind", "a model is trained on streams, and episode.kind is \"stream\"", learns_long_streams};
constexpr ConditionOn<Spec> if_vsml_streams{
    "episode.kind", "model.kind is \"vsml\", a model is trained on streams, and episode.kind is \"stream\"",
    learns_vsml_streams};
constexpr ConditionOn<Spec> if_clone{"train.gradient", "train.gradient is \"clone\"", is_clone};
constexpr ConditionOn<Spec> if_clone_rates{
    "train.gradient", "train.gradient is \"clone\" or model.kind is \"cloned_sgd\"", has_clone_rates};
constexpr ConditionOn<Spec> if_streams{"episode.kind", "episode.kind is \"stream\"", has_streams};
constexpr ConditionOn<Spec> if_few_shot{"episode.kind", "episode.kind is \"few_shot\"", is_few_shot};
constexpr ConditionOn<Spec> if_glyphs{"data.datasets", "\"glyphs\" is one of the datasets", draws_glyphs};
constexpr ConditionOn<Spec> if_glyph_streams{"data.datasets", "\"glyphs\" is one of the datasets of streams",
                                             draws_glyph_streams};

constexpr std::int64_t most = 1'000'000'000;

/// The path of a key that several groups have.
std::string_view path_of(std::string_view group, std::string_view leaf) {
  static std::deque<std::string> paths;  // as long as the program: fields refer to them
  return paths.emplace_back(fmt::format("{}.{}", group, leaf));
}

// Where the streams of a group are in a spec, as Member wants it.
struct DataStreams {
  template <typename Any>
  auto& operator()(Any& spec) const {
    return as<Spec>(spec).data;
  }
};
struct ValidationStreams {
  template <typename Any>
  auto& operator()(Any& spec) const {
    return as<Spec>(spec).validation.streams;
  }
};
struct TestStreams {
  template <typename Any>
  auto& operator()(Any& spec) const {
    return as<Spec>(spec).test.streams;
  }
};

/// The member of the streams of a group, as Member takes it.
#define SRWM_STREAM(member)   \
  [](auto& spec) -> auto& {   \
    return Of{}(spec).member; \
  }

/// The keys of a StreamSpec; `Of` finds it in a spec. Its datasets are drawn from where `if_drawn` holds, all else
/// matters where `if_varied` holds.
template <typename Of>
void add_streams(std::vector<Field>& keys, std::string_view group, const Condition& if_drawn,
                 const Condition& if_varied) {
  keys.push_back({path_of(group, "datasets"), TextsKey{SRWM_STREAM(datasets), 32},
                  "Datasets, each as often as the others: packed class datasets by name or path, or the built-in "
                  "\"glyphs\" (generated characters), \"random\" (20 fixed images of noise) and \"sum\" (the sign of a "
                  "sum).",
                  "", if_drawn, ValueHint::dataset});
  keys.push_back({path_of(group, "tasks"), IntegerKey{SRWM_STREAM(tasks), 0, most},
                  "Variations of the datasets, fixed by the seed, which episodes take in turn; 0: a new one for "
                  "each episode.",
                  "tasks", if_varied});
  keys.push_back({path_of(group, "project"), NumberKey{SRWM_STREAM(project), 0, 1},
                  "Share of the tasks whose images are multiplied by a random matrix that keeps their variance.", "",
                  if_varied});
  keys.push_back({path_of(group, "permute_pixels"), NumberKey{SRWM_STREAM(permute_pixels), 0, 1},
                  "Share of the tasks whose pixels are in another order.", "", if_varied});
  keys.push_back({path_of(group, "sizes"), IntegersKey{SRWM_STREAM(sizes), 2, 256, 16, 0},
                  "Heights and widths that images are resized to, one for each task in turn; none: as they are.",
                  "pixels", if_varied});
  keys.push_back(
      {path_of(group, "classes"), TextsKey{SRWM_STREAM(classes), 256},
       "Lists of classes, such as \"5 8 1\", one for each task in turn: only their images, a label being the "
       "position in the list. None: all classes.",
       "", if_varied});
  keys.push_back({path_of(group, "permute_labels"), FlagKey{SRWM_STREAM(permute_labels)},
                  "Whether each task numbers its classes in a different order.", "", if_varied});
}

#undef SRWM_STREAM

void add_data(std::vector<Field>& keys) {
  add_streams<DataStreams>(keys, "data", if_data, if_data_streams);
  keys.push_back({"data.normalize", choice<Normalize>(SRWM_MEMBER(data.normalize), all_normalizations),
                  "\"dataset\": pixels less the dataset's mean, divided by its standard deviation; \"image\": by those "
                  "of the image itself; \"none\": pixels from 0 to 1. For all groups."});
  keys.push_back({"data.pad", FlagKey{SRWM_MEMBER(data.pad)},
                  "Zeros behind the inputs up to 784 and unused classes up to 62, so that tasks of different sizes fit "
                  "one network of fixed size. For all groups.",
                  "", if_streams});
  keys.push_back({"data.glyph_classes", IntegerKey{SRWM_MEMBER(data.glyph_classes), 2, max_online_classes},
                  "Characters of a task on \"glyphs\", drawn from those of the split. For all groups.", "classes",
                  if_glyph_streams});
  add_glyphs<Spec>(keys, if_glyphs);
}

void add_episode(std::vector<Field>& keys) {
  keys.push_back({"episode.kind", choice<EpisodeKind>(SRWM_MEMBER(episode.kind), all_episode_kinds),
                  "\"stream\": images of a task one after the other, each predicted before its label is seen; "
                  "\"few_shot\": an image of each of n_way classes, then another image of one of them."});
  keys.push_back({"episode.length", IntegerKey{SRWM_MEMBER(episode.length), 1, 1'000'000}, "Images of an episode.",
                  "images", if_data_streams});
  keys.push_back(
      {"episode.streams", IntegerKey{SRWM_MEMBER(episode.streams), 1, 1024},
       "Sequences of an episode that the network sees in parallel, of episode.length images each, in "
       "validation and test too. Before each image the first half of the numbers in h and c of every sub-RNN "
       "becomes their mean over the sequences; the other half stays apart.",
       "sequences", if_vsml_streams});
  keys.push_back({"episode.n_way", IntegerKey{SRWM_MEMBER(episode.n_way), 2, max_online_classes},
                  "Classes in an episode.", "classes", if_few_shot});
  keys.push_back({"episode.label_order", choice<LabelOrder>(SRWM_MEMBER(episode.label_order), all_label_orders),
                  "\"appearance\": classes are numbered as they are first seen; \"random\".", "", if_few_shot});
  keys.push_back({"episode.loss", choice<LossKind>(SRWM_MEMBER(episode.loss), all_loss_kinds),
                  "The cross-entropy that meta-training minimizes: \"mean\" over the episode, or of the \"last\" image "
                  "alone.",
                  "", if_data});
}

void add_vsml_model(std::vector<Field>& keys) {
  keys.push_back({"model.hidden", TextsKey{SRWM_MEMBER(model.hidden), 7},
                  "Layers before the last one, which is dense: \"dense 32\" (units) or \"conv 8 2\" (3 x 3, channels, "
                  "stride).",
                  "", if_layers});
  keys.push_back({"model.message", IntegerKey{SRWM_MEMBER(model.message), 2, 256},
                  "Numbers in a message between sub-RNNs.", "", if_vsml});
  keys.push_back({"model.state", IntegerKey{SRWM_MEMBER(model.state), 1, 256}, "Cells of a sub-RNN, a small LSTM.",
                  "cells", if_vsml});
  keys.push_back({"model.micro_ticks", IntegerKey{SRWM_MEMBER(model.micro_ticks), 1, 64},
                  "Times that a sub-RNN runs on the same messages; with \"meta_rnn\" its LSTM on the same example.", "",
                  if_micro_ticks});
  keys.push_back({"model.random_part", NumberKey{SRWM_MEMBER(model.random_part), 0, 1},
                  "Share of the cells that start an episode with random numbers; the others start with 0.", "",
                  if_vsml});
  keys.push_back({"model.merge", choice<MergeKind>(SRWM_MEMBER(model.merge), all_merge_kinds),
                  "What becomes of messages that meet: their \"mean\", as in the authors' code, or their \"sum\".", "",
                  if_vsml});
  keys.push_back({"model.output_index", IntegerKey{SRWM_MEMBER(model.output_index), 0, 255},
                  "Component of the last forward messages that is read as a logit, from 0.", "", if_vsml});
  keys.push_back({"model.layer_norm", FlagKey{SRWM_MEMBER(model.layer_norm)}, "LayerNorm on messages.", "", if_vsml});
  keys.push_back({"model.backward_pass", FlagKey{SRWM_MEMBER(model.backward_pass)},
                  "A second tick after each image, on the same image and its error, layers in reverse order; without "
                  "it the error comes with the next image.",
                  "", if_vsml});
  keys.push_back({"model.separate_backward", FlagKey{SRWM_MEMBER(model.separate_backward)},
                  "Whether the second tick has separate parameters.", "", if_backward_pass});
  keys.push_back({"model.feed_label", FlagKey{SRWM_MEMBER(model.feed_label)},
                  "Whether the last layer gets the label besides the error.", "", if_vsml});
  keys.push_back({"model.layerwise", FlagKey{SRWM_MEMBER(model.layerwise)},
                  "Whether each layer has separate parameters.", "", if_hidden_layers});
  keys.push_back({"model.published_conv_mask", FlagKey{SRWM_MEMBER(model.published_conv_mask)},
                  "Whether backward messages of convolutions reach only what they reach in the authors' code.", "",
                  if_convolution});
}

void add_baselines(std::vector<Field>& keys) {
  keys.push_back({"model.lstm_units", IntegerKey{SRWM_MEMBER(model.lstm_units), 0, 4096},
                  "Cells of the LSTM; 0: as published, 128 of \"meta_rnn\" and 32 of \"fw_memory\".", "cells",
                  if_lstm});
  keys.push_back({"model.oja", FlagKey{SRWM_MEMBER(model.oja)},
                  "Whether fast weights change by Oja's rule, which bounds them; else by Hebb's with a decay.", "",
                  if_hebbian});
  keys.push_back({"model.memory", IntegerKey{SRWM_MEMBER(model.memory), 2, 64},
                  "Rows of the memory; it has the square of that in columns.", "", if_fw_memory});
  keys.push_back({"model.fast_size", IntegerKey{SRWM_MEMBER(model.fast_size), 1, 4096},
                  "Numbers in a key of the fast weights.", "", if_fwp});
  keys.push_back({"model.convolutions", FlagKey{SRWM_MEMBER(model.convolutions)},
                  "Three 3 x 3 convolutions with stride 2 in front, as published for Omniglot: of 64 channels with "
                  "\"meta_rnn\", else of 8.",
                  "", if_takes_images});
}

void add_model(std::vector<Field>& keys) {
  keys.push_back(
      {"model.kind", choice<ModelKind>(SRWM_MEMBER(model.kind), all_model_kinds),
       "\"vsml\": a network whose weights are small LSTMs with shared parameters. \"meta_rnn\": an LSTM that "
       "sees error and label of the example before; \"hebbian\", \"fw_memory\", \"fwp\": networks with fast "
       "weights. \"sgd\", \"adam\": a network trained online by gradient descent; \"cloned_sgd\": the one that "
       "cloning clones. Of the last three nothing is meta-trained, srwm eval --config evaluates them."});
  keys.push_back({"model.bound", NumberKey{SRWM_MEMBER(model.bound), 0, unbounded},
                  "Logits z become bound * tanh(z / bound); 0: no bound."});
  add_vsml_model(keys);
  add_baselines(keys);
  keys.push_back(
      {"model.layers", IntegerKey{SRWM_MEMBER(model.layers), 1, 2}, "Layers of the network.", "layers", if_online_net});
  keys.push_back({"model.units", IntegerKey{SRWM_MEMBER(model.units), 1, 65536}, "tanh units between two layers.",
                  "units", if_hidden_units});
  keys.push_back({"model.rate", NumberKey{SRWM_MEMBER(model.rate), 0, unbounded, true, true},
                  "Learning rate; published: 0.01 with \"sgd\", 0.001 with \"adam\".", "", if_online_net});
}

void add_training(std::vector<Field>& keys) {
  keys.push_back({"optim.rate", NumberKey{SRWM_MEMBER(optim.rate), 0, 1, true, false},
                  "Learning rate of Adam; published: 0.025 with \"evolution\", 0.001 with \"backward\".", "",
                  if_trained});
  keys.push_back({"optim.half_life", IntegerKey{SRWM_MEMBER(optim.half_life), 0, most},
                  "Steps in which the learning rate falls by half; 0: it stays.", "steps", if_trained});
  add_adam<Spec>(keys, if_trained);
  keys.push_back(
      {"train.steps", IntegerKey{SRWM_MEMBER(train.steps), 1, most}, "Optimizer steps.", "steps", if_trained});
  keys.push_back(
      {"train.gradient", choice<VsmlGradient>(SRWM_MEMBER(train.gradient), all_vsml_gradients),
       "Where the gradient comes from: \"evolution\", differences of the losses of antithetic pairs at noisy "
       "parameters, each pair on one episode; \"backward\", through all of an episode's time; \"clone\", from the "
       "difference between single sub-RNNs and weights under gradient descent.",
       "", if_trained});
  add_evolution<Spec>(keys, if_evolution);
  keys.push_back({"train.batch", IntegerKey{SRWM_MEMBER(train.batch), 1, 65536},
                  "Episodes in a pass; with \"clone\" sub-RNNs, a multiple of 64.", "", if_passes});
  keys.push_back({"train.accumulate", IntegerKey{SRWM_MEMBER(train.accumulate), 1, 65536},
                  "Passes in an optimizer step, their gradients summed.", "passes", if_passes});
  add_report_every<Spec>(keys, in_steps, if_trained);
  keys.push_back({"train.precision", choice<Precision>(SRWM_MEMBER(train.precision), all_precisions),
                  "What factors in matrix products are rounded to; a CPU refuses to train with tf32 and bf16.", "",
                  if_trained});
}

void add_clone(std::vector<Field>& keys) {
  keys.push_back({"clone.rate", NumberKey{SRWM_MEMBER(clone_options.rate), 0, 1, true, false},
                  "Learning rate of weights in the gradient descent that is cloned.", "", if_clone_rates});
  keys.push_back({"clone.bias_rate", NumberKey{SRWM_MEMBER(clone_options.bias_rate), 0, 1},
                  "The same of biases, of which every sub-RNN has one.", "", if_clone_rates});
  keys.push_back({"clone.examples", IntegerKey{SRWM_MEMBER(clone_options.examples), 1, 100},
                  "Examples that a sub-RNN sees in a row while it is trained.", "examples", if_clone});
}

void add_validation(std::vector<Field>& keys) {
  keys.push_back({"validation.every", IntegerKey{SRWM_MEMBER(validation.every), 0, most},
                  "Steps between validations; the best one's parameters are kept as best.h5. 0: never.", "steps",
                  if_trained});
  add_streams<ValidationStreams>(keys, "validation", {}, if_streams);
  keys.push_back({"validation.length", IntegerKey{SRWM_MEMBER(validation.length), 1, 1'000'000},
                  "Images of an episode.", "images", if_streams});
  keys.push_back({"validation.episodes", IntegerKey{SRWM_MEMBER(validation.episodes), 1, most},
                  "Episodes on each dataset.", "episodes"});
  add_checkpoint<Spec>(keys, in_steps, if_trained);
}

void add_test(std::vector<Field>& keys) {
  add_streams<TestStreams>(keys, "test", {}, if_streams);
  keys.push_back({"test.length", IntegerKey{SRWM_MEMBER(test.length), 1, 1'000'000}, "Images of an episode.", "images",
                  if_streams});
  keys.push_back({"test.episodes", IntegerKey{SRWM_MEMBER(test.episodes), 0, most},
                  "Episodes on each dataset, from its test split, when training ends; 0: none.", "episodes"});
}

constexpr Group all_groups[] = {
    {"data", "What the rule is trained on."},
    {"data.glyphs", "The built-in generated characters."},
    {"episode", "How an episode is made."},
    {"model", "The learning rule."},
    {"optim", "Adam, which meta-trains it."},
    {"train", "How long and in what portions to train."},
    {"clone", "The gradient descent that sub-RNNs are to become."},
    {"validation", "When and on what to validate; validation chooses the best checkpoint."},
    {"checkpoint", "What a run can be resumed from."},
    {"test", "The evaluation at the end."},
    {"figures", "What the result is compared with; no influence on the run."},
};

constexpr std::string_view task_name = "vsml";

constexpr std::string_view free_on_resume[] = {"comment",    "train.steps", "train.report_every",
                                               "checkpoint", "test",        "figures"};

}  // namespace

const SpecKeys& vsml_keys() {
  static const SpecKeys all = [] {
    std::vector<Field> keys;
    add_general(keys, task_name);
    for (const auto add : {add_data, add_episode, add_model, add_training, add_clone, add_validation, add_test})
      add(keys);
    add_figures(keys, "Test accuracy in the publication, mean over the images of an episode.",
                "Test accuracy seen with this very spec, mean over datasets and images.");
    return SpecKeys({.task = task_name,
                     .title = "learning rules",
                     .meaning = "One experiment: streams of images, a learning rule and its meta-training.",
                     .fields = std::move(keys),
                     .groups = {std::begin(all_groups), std::end(all_groups)},
                     .make = []() -> std::unique_ptr<AnySpec> { return std::make_unique<Spec>(); },
                     .rules = check_vsml_rules,
                     .free_on_resume = free_on_resume});
  }();
  return all;
}

}  // namespace srwm
