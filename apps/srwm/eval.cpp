// srwm eval: what a trained model reaches.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_number.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "run/checkpoint.h"
#include "run/evaluation_progress.h"
#include "run/statement.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "srwm/trained_model.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

/// The part of a task, with the options that it alone has.
struct TaskPart {
  const TaskType* type;
  std::unique_ptr<TaskEval> eval;
  std::vector<const CLI::Option*> options;
};

struct Options {
  TrainedModelOptions model;
  std::string config, data_dir, split;
  std::vector<std::string> set;
  std::int64_t num_episodes = 0;
  bool json = false;
  DeviceOptions device;
  std::vector<TaskPart> parts;
};

/// The part for the checkpoint's task; UsageError if options of another one are given.
const TaskPart& part_for(const Options& options, const TaskType& type, const std::filesystem::path& path) {
  const TaskPart* found = nullptr;
  for (const TaskPart& part : options.parts) {
    if (part.type == &type) found = &part;
    for (const CLI::Option* option : part.options) {
      if (option->count() == 0 || part.type == &type) continue;
      throw UsageError("{} is an option for {}; {} is a checkpoint of {}.", option->get_name(),
                       part.type->keys().title(), path.string(), type.keys().title());
    }
  }
  return *found;
}

/// What is evaluated: a checkpoint, or a spec whose model has nothing to train.
struct Evaluated {
  std::filesystem::path path;  ///< of the file
  Checkpoint checkpoint;       ///< empty where there is none
  std::unique_ptr<AnySpec> spec;
};

/// A checkpoint's model and training are what they are: only what it is tested on can be set.
void check_settings(const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    if (setting.starts_with("test.")) continue;
    throw UsageError("--set {}: only keys of the group test can be set for a checkpoint.", setting);
  }
}

Evaluated load(const Options& options) {
  if (!options.config.empty()) {
    if (!options.model.none()) {
      throw UsageError(
          "--config FILE is for a spec that needs no training; --run and --checkpoint have one of their own.");
    }
    std::unique_ptr<AnySpec> spec = load_any_spec(options.config, options.set);
    Checkpoint none;
    none.spec_json = to_json(*spec);
    none.path = options.config;
    return {options.config, std::move(none), std::move(spec)};
  }
  const std::filesystem::path path = checkpoint_path(options.model);
  check_settings(options.set);
  Checkpoint checkpoint = load_checkpoint(path);
  std::unique_ptr<AnySpec> spec = parse_any_spec_text(checkpoint.spec_json, path.string(), options.set);
  return {path, std::move(checkpoint), std::move(spec)};
}

void execute(const Options& options) {
  const auto [path, checkpoint, spec] = load(options);
  const TaskPart& part = part_for(options, type_of(*spec), path);
  if (!options.config.empty() && part.eval->needs_checkpoint(*spec)) {
    throw UsageError("{}: this model has to be trained first. Train it with srwm train --config, then give --run DIR.",
                     printable(path.string()));
  }
  const std::unique_ptr<Context> context = make_context(options.device, spec->seed);
  // A CPU evaluates in fp32 what was trained in less.
  if (context->device().kind != Device::Kind::cpu) choose_precision(*context, spec->loop().precision);
  const EvalOutcome outcome = part.eval->run(
      {checkpoint, *spec, *context, data_dir_of(options.data_dir, path), options.split, options.num_episodes});
  if (!options.json) return fmt::print("{}", outcome.text);
  nlohmann::ordered_json object = {{options.config.empty() ? "checkpoint" : "config", printable(path.string())}};
  object.update(outcome.json);
  add_statement(object, Statement(*context, outcome.data_digest, checkpoint.spec_json));
  fmt::print("{}\n", json_text(object, 2));
}

TaskPart make_part(CLI::App& command, const TaskType& type) {
  TaskPart part{.type = &type, .eval = type.make_eval(), .options = {}};
  const std::size_t before = command.get_options().size();
  part.eval->add_options(command);
  const std::vector<CLI::Option*> all = command.get_options();
  part.options.assign(all.begin() + static_cast<std::ptrdiff_t>(before), all.end());
  return part;
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("eval", "Accuracy of a trained model, or returns of an agent, with 95 % intervals");
  add_trained_model_options(*command, options->model);
  takes_path(command->add_option("--config", options->config,
                                 "Spec of a model that needs no training: a learning rule \"sgd\" or \"adam\""),
             PathUse::input, takes::spec);
  command
      ->add_option("--set", options->set,
                   "Override a key of the spec (repeatable); of a checkpoint's only those of the group test")
      ->type_name(takes::setting);
  command
      ->add_option("--split", options->split,
                   "Classes to draw episodes from, default test; of an agent: train, test1, ..., default all")
      ->type_name(takes::split);
  command
      ->add_option("--num-episodes", options->num_episodes,
                   "Episodes; default: the spec's test.episodes, or the file's")
      ->check(positive());
  for (const TaskType* type : all_tasks()) options->parts.push_back(make_part(*command, *type));
  command->add_flag("--json", options->json, "Print the result as JSON");
  add_data_dir_of_run(*command, options->data_dir);
  add_device_options(*command, options->device);
  command->footer(R"(Examples:
  srwm eval --run runs/quickstart-s1
  srwm eval --checkpoint runs/x/checkpoints/best.h5 --split val --num-episodes 5000 --json
  srwm eval --run runs/x --episodes-file fixed.h5 --predictions logits.h5
  srwm eval --run runs/games_quickstart-s1 --num-episodes 100 --video films
  srwm eval --run runs/quickstart_vsml-s1 --set test.sizes=[12] --curves curves.h5
  srwm eval --config experiments/vsml_online/sgd.json
  srwm eval --run runs/quickstart_vsml-s1 --probes --json > probes.json
  srwm eval --checkpoint model.h5 --stream-file examples.h5 --logits logits.h5

Model, dataset and protocol, or environments, come from the checkpoint.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
