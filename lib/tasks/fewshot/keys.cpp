// The keys of few-shot specs.
#include <iterator>
#include <utility>

#include "data/sampler.h"
#include "spec/declare.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/pictures.h"
#include "tasks/fewshot/rules.h"

namespace srwm {
namespace {

using Spec = ExperimentSpec;

bool is_glyphs(const ExperimentSpec& spec) {
  return spec.data.dataset == "glyphs";
}
bool draws_training_episodes(const ExperimentSpec& spec) {
  return spec.data.train_episodes.empty();
}
bool is_sync(const ExperimentSpec& spec) {
  return spec.protocol.protocol == Protocol::sync;
}
bool is_sequential(const ExperimentSpec& spec) {
  return spec.protocol.protocol == Protocol::sequential;
}
bool is_bootstrapped(const ExperimentSpec& spec) {
  return is_sync(spec) && spec.bootstrap.kind != BootstrapKind::none;
}
bool has_fewer_ways_first(const ExperimentSpec& spec) {
  return spec.protocol.first_ways > 0;
}
bool is_fast_weight(const ExperimentSpec& spec) {
  return spec.model.core.kind != CoreKind::lstm;
}
bool is_srwm(const ExperimentSpec& spec) {
  return spec.model.core.kind == CoreKind::srwm;
}
bool is_res12(const ExperimentSpec& spec) {
  return spec.model.vision.kind == VisionKind::res12;
}
bool has_passes(const ExperimentSpec& spec) {
  return spec.train.gradient == GradientSource::backward;
}
bool has_population(const ExperimentSpec& spec) {
  return spec.train.gradient == GradientSource::evolution;
}
bool uses_rate(const ExperimentSpec& spec) {
  return spec.optim.schedule != ScheduleKind::transformer_warmup;
}

// Keys beside a number that 0 switches off (validation.every) have no condition: one --set is enough to switch it off.
constexpr ConditionOn<Spec> if_glyphs{"data.dataset", "data.dataset is \"glyphs\"", is_glyphs};
constexpr ConditionOn<Spec> if_drawn{"data.train_episodes", "data.train_episodes is not set", draws_training_episodes};
constexpr ConditionOn<Spec> if_sync{"protocol.kind", "protocol.kind is \"sync\"", is_sync};
constexpr ConditionOn<Spec> if_sequential{"protocol.kind", "protocol.kind is \"sequential\"", is_sequential};
constexpr ConditionOn<Spec> if_bootstrapped{"bootstrap.kind", "bootstrap.kind is not \"none\"", is_bootstrapped};
constexpr ConditionOn<Spec> if_fewer_ways{"protocol.first_ways", "protocol.first_ways is above 0",
                                          has_fewer_ways_first};
constexpr ConditionOn<Spec> if_fast_weight{"model.core.kind", "model.core.kind is not \"lstm\"", is_fast_weight};
constexpr ConditionOn<Spec> if_srwm{"model.core.kind", "model.core.kind is \"srwm\"", is_srwm};
constexpr ConditionOn<Spec> if_res12{"model.vision.kind", "model.vision.kind is \"res12\"", is_res12};
constexpr ConditionOn<Spec> if_rate{"optim.schedule", "optim.schedule is not \"transformer_warmup\"", uses_rate};
constexpr ConditionOn<Spec> if_backward{"train.gradient", "train.gradient is \"backward\"", has_passes};
constexpr ConditionOn<Spec> if_evolution{"train.gradient", "train.gradient is \"evolution\"", has_population};

void add_data(std::vector<Field>& keys) {
  keys.push_back({"data.dataset",
                  TextKey{SRWM_MEMBER(data.dataset), TextRule::one_line, true, true},
                  "\"glyphs\" for the built-in generated characters, else the name of a packed dataset (NAME.h5 in "
                  "--data-dir, $SRWM_DATA or ./data) or a path to one.",
                  "",
                  {},
                  ValueHint::dataset});
  keys.push_back({"data.second_dataset", TextKey{SRWM_MEMBER(data.second_dataset), TextRule::one_line, true, true},
                  "The dataset of the other task, of the same image size; \"glyphs\": generated characters again, made "
                  "with the seed after data.glyphs.seed.",
                  "", if_sequential, ValueHint::dataset});
  keys.push_back({"data.normalize", FlagKey{SRWM_MEMBER(data.normalize)},
                  "Subtract the dataset's mean from the pixels and divide by its standard deviation, per channel."});
  keys.push_back({"data.train_episodes",
                  TextKey{SRWM_MEMBER(data.train_episodes), TextRule::one_line, false, true},
                  "Episodes file to train on, in its order, instead of drawing episodes; empty: draw them.",
                  "",
                  {},
                  ValueHint::h5_file});
  add_glyphs<Spec>(keys, if_glyphs);
}

void add_augmentation(std::vector<Field>& keys) {
  keys.push_back({"data.augment.shift", NumberKey{SRWM_MEMBER(data.augment.shift), 0, 256},
                  "Moved by up to so many pixels along either axis; what comes in from outside is black.", "pixels"});
  keys.push_back({"data.augment.angle", NumberKey{SRWM_MEMBER(data.augment.angle), 0, 180},
                  "Turned by up to so much to either side.", "degrees"});
  keys.push_back({"data.augment.scale", NumberKey{SRWM_MEMBER(data.augment.scale), 0, 1, false, true},
                  "Larger or smaller by up to this part: 0.1 for sizes from 0.9 to 1.1."});
  keys.push_back(
      {"data.augment.flip", FlagKey{SRWM_MEMBER(data.augment.flip)}, "Half of them mirrored left to right."});
}

void add_protocol(std::vector<Field>& keys) {
  keys.push_back({"protocol.kind", choice<Protocol>(SRWM_MEMBER(protocol.protocol), all_protocols),
                  "\"sync\": labelled support images, then queries, loss on the queries; \"delayed\": the label of an "
                  "image comes with the next image, loss on every position; \"sequential\": two delayed tasks, of "
                  "data.dataset and data.second_dataset, after each other in either order."});
  keys.push_back(
      {"protocol.n_way", IntegerKey{SRWM_MEMBER(protocol.n_way), 2, max_ways}, "Classes in an episode.", "classes"});
  keys.push_back({"protocol.k_shot", IntegerKey{SRWM_MEMBER(protocol.k_shot), 1, 1000},
                  "Support images of each class (delayed, sequential: all images of each class in a task).", "images"});
  keys.push_back({"protocol.queries", IntegerKey{SRWM_MEMBER(protocol.queries), 1, 1000},
                  "Queries in an episode, each answered from the state after the support images; published rows use 1.",
                  "images", if_sync});
  keys.push_back({"protocol.rotations", FlagKey{SRWM_MEMBER(protocol.rotations)},
                  "Images turned by 90, 180 and 270 degrees count as classes of their own (Omniglot).", "", if_drawn});
  keys.push_back({"protocol.second_rotations", FlagKey{SRWM_MEMBER(protocol.second_rotations)},
                  "The same for data.second_dataset; protocol.rotations is for data.dataset.", "", if_sequential});
  keys.push_back({"protocol.max_trim", IntegerKey{SRWM_MEMBER(protocol.max_trim), 0, 256'000},
                  "Training only: each task loses 0 to so many of its last positions, drawn for each batch.",
                  "positions", if_sequential});
  keys.push_back({"protocol.first_ways", IntegerKey{SRWM_MEMBER(protocol.first_ways), 0, max_ways},
                  "Training only: classes in an episode at the first step, growing linearly to n_way; 0: n_way "
                  "throughout.",
                  "classes", if_drawn});
  keys.push_back({"protocol.ways_steps", IntegerKey{SRWM_MEMBER(protocol.ways_steps), 0, 1'000'000'000},
                  "Steps that the growth from first_ways to n_way takes.", "steps", if_fewer_ways});
}

void add_bootstrap(std::vector<Field>& keys) {
  keys.push_back(
      {"bootstrap.kind", choice<BootstrapKind>(SRWM_MEMBER(bootstrap.kind), all_bootstrap_kinds),
       "\"none\": training on the queries after the support alone; else the state after the support is trained "
       "towards the one after future_shots more images of each class: \"kl\" by the divergence of the "
       "predictions, \"state_mse\" by the mean squared difference of the states.",
       "", if_sync});
  keys.push_back({"bootstrap.future_shots", IntegerKey{SRWM_MEMBER(bootstrap.future_shots), 1, 1000},
                  "Images of each class that follow the support.", "images", if_bootstrapped});
  keys.push_back({"bootstrap.loss_scale", NumberKey{SRWM_MEMBER(bootstrap.loss_scale), 0, unbounded},
                  "Factor on the cross-entropy of the queries after the support.", "", if_bootstrapped});
  keys.push_back({"bootstrap.match_scale", NumberKey{SRWM_MEMBER(bootstrap.match_scale), 0, unbounded},
                  "Factor on the divergence, or difference, from what is known after the future images.", "",
                  if_bootstrapped});
  keys.push_back({"bootstrap.future_loss_scale", NumberKey{SRWM_MEMBER(bootstrap.future_loss_scale), 0, unbounded},
                  "Factor on the cross-entropy of the queries after the future images.", "", if_bootstrapped});
}

void add_model(std::vector<Field>& keys) {
  keys.push_back({"model.vision.kind", choice<VisionKind>(SRWM_MEMBER(model.vision.kind), all_vision_kinds),
                  "The network that turns an image into features: \"conv4\", four blocks of convolution, batch-norm, "
                  "max-pool and ReLU, or \"res12\", four residual blocks of three convolutions."});
  keys.push_back(
      {"model.vision.channels", IntegerKey{SRWM_MEMBER(model.vision.channels), 1, 4096},
       "Channels of every convolution; res12: of the first block, the others have 1.5, 2 and 4 times as many "
       "(size \"big\": 2, 4 and 8 times).",
       "channels"});
  keys.push_back({"model.vision.size", choice<ResNetSize>(SRWM_MEMBER(model.vision.size), all_resnet_sizes),
                  "How fast the channels grow from block to block.", "", if_res12});
  keys.push_back({"model.vision.dropout", NumberKey{SRWM_MEMBER(model.vision.dropout), 0, 1, false, true},
                  "Dropout in every block.", "probability"});
  keys.push_back(
      {"model.vision.dropout_kind", choice<DropoutKind>(SRWM_MEMBER(model.vision.dropout_kind), all_dropout_kinds),
       "What that drops: \"base\" numbers at the end of each block, \"inblock\" also after the two activations "
       "inside, \"2d\" and \"2d_inblock\" whole channels in the same places; conv4 has no place inside."});
  keys.push_back({"model.vision.input_dropout", NumberKey{SRWM_MEMBER(model.vision.input_dropout), 0, 1, false, true},
                  "Dropout of pixels of the images.", "probability"});
  keys.push_back(
      {"model.core.kind", choice<CoreKind>(SRWM_MEMBER(model.core.kind), fewshot_core_kinds),
       "The sequence model that learns within an episode: \"srwm\" (self-referential weight matrix), "
       "\"delta_net\", \"linear_transformer\" (additive fast weights), \"transformer\" (softmax attention) or "
       "\"lstm\"."});
  keys.push_back(
      {"model.core.layers", IntegerKey{SRWM_MEMBER(model.core.layers), 1, 64}, "Layers, one on the other.", "layers"});
  keys.push_back({"model.core.heads", IntegerKey{SRWM_MEMBER(model.core.heads), 1, 1024},
                  "Heads of a layer, each with a memory of its own for its hidden / heads units.", "heads",
                  if_fast_weight});
  keys.push_back(
      {"model.core.hidden", IntegerKey{SRWM_MEMBER(model.core.hidden), 1, 65536}, "Width of a layer.", "units"});
  keys.push_back({"model.core.ff_factor", IntegerKey{SRWM_MEMBER(model.core.ff_factor), 1, 64},
                  "Inner width of the feed-forward block after each layer, as a multiple of hidden.", "",
                  if_fast_weight});
  keys.push_back({"model.core.dropout", NumberKey{SRWM_MEMBER(model.core.dropout), 0, 1, false, true},
                  "Dropout after each layer and in its feed-forward block.", "probability", if_fast_weight});
  keys.push_back({"model.core.layer_norm", FlagKey{SRWM_MEMBER(model.core.layer_norm)},
                  "LayerNorm on the residual of an SRWM layer.", "", if_srwm});
  keys.push_back({"model.core.input_softmax", FlagKey{SRWM_MEMBER(model.core.input_softmax)},
                  "A softmax per head on a layer's input, as in the reinforcement-learning models.", "", if_srwm});
  keys.push_back({"model.core.beta_init", NumberKey{SRWM_MEMBER(model.core.beta_init), -20, 20},
                  "Mean of the initial weights that make the self-written learning rates.", "", if_srwm});
}

void add_optim(std::vector<Field>& keys) {
  keys.push_back({"optim.rate", NumberKey{SRWM_MEMBER(optim.rate), 0, 1, true, false},
                  "Learning rate of Adam, after the warm-up if there is one.", "", if_rate});
  add_schedule<Spec>(
      keys, all_schedule_kinds,
      {.kinds =
           "\"constant\": rate; \"linear_warmup\": rate * min(1, step / warmup_steps); \"transformer_warmup\": "
           "hidden^-0.5 * min(step^-0.5, step * warmup_steps^-1.5); \"cosine\": linear_warmup, then along half a "
           "cosine to decay * rate, decay_steps later; \"step\": linear_warmup, then times decay every decay_steps.",
       .if_warmup = "optim.schedule is not \"constant\"",
       .warmup = "Steps over which the rate rises.",
       .decay = "Steps after the warm-up in which the rate falls.",
       .unit = "steps"});
  add_adam<Spec>(keys);
}

void add_run(std::vector<Field>& keys) {
  keys.push_back({"train.steps", IntegerKey{SRWM_MEMBER(train.steps), 1, 1'000'000'000}, "Optimizer steps.", "steps"});
  keys.push_back(
      {"train.batch", IntegerKey{SRWM_MEMBER(train.batch), 1, 65536}, "Episodes in a forward pass.", "episodes"});
  keys.push_back({"train.accumulate", IntegerKey{SRWM_MEMBER(train.accumulate), 1, 65536},
                  "Forward passes in an optimizer step, their gradients summed.", "passes", if_backward});
  keys.push_back(
      {"train.gradient", choice<GradientSource>(SRWM_MEMBER(train.gradient), all_gradient_sources),
       "Where the gradient comes from: \"backward\", differentiation; \"evolution\", differences of the losses "
       "of antithetic pairs at noisy parameters, each pair on train.batch episodes."});
  add_evolution<Spec>(keys, if_evolution);
  add_report_every<Spec>(keys, in_steps);
  add_precision<Spec>(keys);
  keys.push_back({"validation.every", IntegerKey{SRWM_MEMBER(validation.every), 0, 1'000'000'000},
                  "Steps between validations; the best one's weights are kept as best.h5. 0: never.", "steps"});
  add_patience<Spec>(keys);
  keys.push_back({"validation.batches", IntegerKey{SRWM_MEMBER(validation.batches), 1, 1'000'000},
                  "Batches of a validation, of train.batch episodes each, the same every time.", "batches"});
  add_checkpoint<Spec>(keys, in_steps);
  keys.push_back({"test.episodes", IntegerKey{SRWM_MEMBER(test.episodes), 0, 1'000'000'000},
                  "Episodes of the test split evaluated when training ends; 0: none.", "episodes"});
}

constexpr Group all_groups[] = {
    {"data", "What images the episodes are made of."},
    {"data.glyphs", "The built-in generated characters."},
    {"data.augment", "How training images differ from the stored ones, drawn again each time they are shown."},
    {"protocol", "How an episode is made of images and labels."},
    {"bootstrap", "Training towards what the model will know after more images (arXiv 2305.01547)."},
    {"model", "The network."},
    {"model.vision", "From an image to features."},
    {"model.core", "From the sequence of features and labels to predictions."},
    {"optim", "Adam and its learning rate."},
    {"train", "How long and in what portions to train."},
    {"validation", "When and how much to validate; validation chooses the best checkpoint."},
    {"checkpoint", "What a run can be resumed from."},
    {"test", "The evaluation at the end."},
    {"figures", "What the result is compared with; no influence on the run."},
};

constexpr std::string_view task_name = "fewshot";

constexpr std::string_view free_on_resume[] = {"comment",    "train.steps", "train.report_every",
                                               "checkpoint", "test",        "figures"};

}  // namespace

const SpecKeys& fewshot_keys() {
  static const SpecKeys all = [] {
    std::vector<Field> keys;
    add_general(keys, task_name);
    for (const auto add : {add_data, add_augmentation, add_protocol, add_bootstrap, add_model, add_optim, add_run})
      add(keys);
    add_figures(keys, "Test accuracy in the publication.", "Test accuracy seen with this very spec.");
    return SpecKeys({.task = task_name,
                     .title = "few-shot learning",
                     .meaning = "One experiment: data, episodes, model and training.",
                     .fields = std::move(keys),
                     .groups = {std::begin(all_groups), std::end(all_groups)},
                     .make = []() -> std::unique_ptr<AnySpec> { return std::make_unique<Spec>(); },
                     .rules = check_fewshot_rules,
                     .free_on_resume = free_on_resume,
                     .pictures = fewshot_pictures()});
  }();
  return all;
}

}  // namespace srwm
