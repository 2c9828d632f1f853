// srwm eval: accuracy of a trained model.
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_number.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "core/version.h"
#include "fewshot/data.h"
#include "fewshot/evaluator.h"
#include "fewshot/report.h"
#include "fewshot/snapshot.h"
#include "io/file.h"
#include "io/file_use.h"
#include "run/checkpoint.h"
#include "run/evaluation_progress.h"
#include "run/run_folder.h"
#include "run/statement.h"
#include "spec/fields.h"
#include "spec/parse.h"
#include "srwm/commands.h"
#include "srwm/eval_rl.h"
#include "srwm/path_options.h"
#include "srwm/session.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

struct Options {
  std::string run, checkpoint, data_dir, episodes_file, predictions;
  std::string split, video;
  std::int64_t num_episodes = 0, batch = 0;
  std::uint64_t episode_seed = 0;
  bool json = false;
  DeviceOptions device;
};

std::filesystem::path checkpoint_path(const Options& options) {
  if (!options.checkpoint.empty()) return options.checkpoint;
  const RunPaths paths{options.run};
  for (const auto& path : paths.existing()) note_input(path);  // --predictions would destroy one of them
  for (const auto& path : {paths.best(), paths.latest()}) {
    if (is_there(path)) return path;
  }
  throw DataError("{} has no checkpoint: neither {} nor {} exists. Is it the folder of a run?", options.run,
                  paths.best().string(), paths.latest().string());
}

/// --data-dir; without it the folder in which the run found its datasets, which comes before $SRWM_DATA and ./data: the
/// digest says if what is there has changed.
std::string data_dir_of(const Options& options, const std::filesystem::path& checkpoint) {
  if (!options.data_dir.empty()) return options.data_dir;
  return RunPaths{std::filesystem::absolute(checkpoint).parent_path().parent_path()}.read_data_dir();
}

/// The spec of the checkpoint, changed to load only what the evaluation needs.
ExperimentSpec spec_for(const Checkpoint& checkpoint, const std::string& origin, const Options& options) {
  ExperimentSpec spec = parse_spec_text(checkpoint.spec_json, origin);
  if (options.num_episodes > 0) spec.test.episodes = options.num_episodes;
  spec.data.train_episodes = options.episodes_file;
  if (!options.episodes_file.empty() && !spec.data.normalize) spec.test.episodes = spec.validation.every = 0;
  return spec;
}

std::unique_ptr<EpisodeSource> source_for(const FewShotData& data, const Options& options) {
  for (Split split : all_splits) {
    if (name_of(split) == (options.split.empty() ? "test" : options.split))
      return data.drawn(split, options.episode_seed);
  }
  throw UsageError("--split {}: the splits are train, val and test.", options.split);
}

std::int64_t episodes_for(const Options& options, const ExperimentSpec& spec, const FewShotData& data) {
  if (options.episodes_file.empty()) {
    if (spec.test.episodes > 0) return spec.test.episodes;
    throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
  }
  const std::int64_t stored = data.stored_episodes();
  if (options.num_episodes > stored) {
    throw UsageError("--num-episodes {}: {} holds {} episodes.", options.num_episodes, options.episodes_file, stored);
  }
  return options.num_episodes > 0 ? options.num_episodes : stored;
}

/// The classes must be those that the checkpoint was trained and validated on: test classes of another file may be its
/// training classes. Says nothing where the checkpoint saw only a file of episodes, or where nobody knows what it saw:
/// converted from PyTorch.
void check_digest(const Checkpoint& checkpoint, const std::filesystem::path& path, const FewShotData& data) {
  const std::string& then = checkpoint.data_digest;
  if (then.empty()) return;
  const std::string now = data.digest();
  const bool only_file = then.find('+') == std::string::npos &&
                         !parse_spec_text(checkpoint.spec_json, path.string()).data.train_episodes.empty();
  if (only_file || then == now || then.starts_with(now + "+")) return;
  throw DataError(
      "{} was made with data of digest {}, but the data found now has {}: the files differ. Give the original data "
      "with --data-dir, or episodes of your own with --episodes-file.",
      path.string(), then, now);
}

std::string origin_of_episodes(const Options& options) {
  if (!options.episodes_file.empty()) return printable(options.episodes_file);
  return options.split.empty() ? "test" : options.split;
}

nlohmann::ordered_json to_json(const Options& options, const std::filesystem::path& path, std::int64_t step,
                               const Evaluation& result, const Statement& statement) {
  nlohmann::ordered_json object = {{"checkpoint", printable(path.string())},
                                   {"checkpoint_step", step},
                                   {"episodes_from", origin_of_episodes(options)}};
  object.update(to_json(result));
  object["images_per_second"] = static_cast<double>(result.images) / result.seconds;
  if (options.episodes_file.empty()) {
    const std::uint64_t seed = options.episode_seed;
    object["episode_seed"] =
        is_safe_in_json(seed) ? nlohmann::ordered_json(seed) : nlohmann::ordered_json(std::to_string(seed));
  }
  add_statement(object, statement);
  return object;
}

/// Few-shot options say nothing of an agent.
void check_rl_options(const Options& options) {
  const auto refuse = [](const char* option) {
    throw UsageError("{} is for few-shot models; this is the checkpoint of an agent.", option);
  };
  if (!options.episodes_file.empty()) refuse("--episodes-file");
  if (!options.predictions.empty()) refuse("--predictions");
  if (options.batch > 0) refuse("--batch");
}

void execute(const Options& options) {
  if (options.run.empty() == options.checkpoint.empty()) {
    throw UsageError("Give either --run DIR (its best model) or --checkpoint FILE.");
  }
  const std::filesystem::path path = checkpoint_path(options);
  const Checkpoint checkpoint = load_checkpoint(path);
  const std::unique_ptr<AnySpec> of_run = parse_any_spec_text(checkpoint.spec_json, path.string());
  if (of_run->task == Task::rl) {
    check_rl_options(options);
    return evaluate_rl(
        checkpoint, path, as<RlSpec>(*of_run),
        {options.split, data_dir_of(options, path), options.video, options.num_episodes, options.json, options.device});
  }
  if (!options.video.empty())
    throw UsageError("--video: {} is of a few-shot model, which plays nothing.", path.string());
  const ExperimentSpec spec = spec_for(checkpoint, path.string(), options);
  const std::unique_ptr<Context> context = make_context(options.device, spec.seed);
  // A CPU evaluates in fp32 what was trained in less.
  if (context->device().kind != Device::Kind::cpu) choose_precision(*context, spec.train.precision);
  const FewShotData data(spec, data_dir_of(options, path), context->threads());
  FewShotLearner learner(*context, spec, data.image_shape());
  restore_model(*context, checkpoint, learner);

  const bool from_file = !options.episodes_file.empty();
  if (!from_file) check_digest(checkpoint, path, data);
  const std::unique_ptr<EpisodeSource> drawn = from_file ? nullptr : source_for(data, options);
  const EpisodeSource& source = from_file ? data.training() : *drawn;
  const std::int64_t episodes = episodes_for(options, spec, data);
  PredictionFile predictions(episodes, spec.protocol.n_way);
  Logger logger;
  std::optional<EvaluationProgress> progress(std::in_place, logger, origin_of_episodes(options), episodes);
  const PredictionSink sink = [&](const Prediction& p) {
    progress->add(p.episodes);
    if (!options.predictions.empty()) predictions.add(p);
  };
  const Evaluation result =
      evaluate(*context, learner, source, episodes, options.batch > 0 ? options.batch : spec.train.batch, sink);
  progress.reset();  // before anything is printed where its line is
  if (!options.predictions.empty()) predictions.write(options.predictions, generator());
  const Statement statement(*context, data.digest(), checkpoint.spec_json);
  if (options.json) {
    fmt::print("{}\n", json_text(to_json(options, path, checkpoint.progress.step, result, statement), 2));
  } else {
    fmt::print("{}\n{}", describe(origin_of_episodes(options), result), describe_series(result));
  }
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("eval", "Accuracy of a trained model, or returns of an agent, with 95 % intervals");
  takes_path(command->add_option("--run", options->run, "Run folder; takes its best model, or else the latest"),
             PathUse::input, takes::folder);
  takes_path(command->add_option("--checkpoint", options->checkpoint, "Checkpoint file"), PathUse::input,
             takes::h5_file);
  command
      ->add_option("--split", options->split,
                   "Classes to draw episodes from, default test; of an agent: train, test1, ..., default all")
      ->type_name(takes::split);
  command
      ->add_option("--num-episodes", options->num_episodes,
                   "Episodes; default: the spec's test.episodes, or the file's")
      ->check(positive());
  command->add_option("--episode-seed", options->episode_seed, "Seed of the drawn episodes")
      ->check(not_negative())
      ->capture_default_str();
  takes_path(command->add_option("--episodes-file", options->episodes_file, "Evaluate on this episodes file instead"),
             PathUse::input, takes::h5_file)
      ->excludes("--split")
      ->excludes("--episode-seed");
  takes_path(command->add_option("--predictions", options->predictions, "Write logits and labels to this HDF5 file"),
             PathUse::output, takes::h5_file);
  command->add_option("--batch", options->batch, "Episodes at a time; default: the spec's train.batch")
      ->check(positive());
  takes_path(command->add_option("--video", options->video,
                                 "Of an agent: frames of some episodes as PNG, and MP4 if there is ffmpeg"),
             PathUse::output_folder, takes::folder);
  command->add_flag("--json", options->json, "Print the result as JSON");
  takes_path(command->add_option("--data-dir", options->data_dir,
                                 "Folder with the packed datasets; else that of the run, $SRWM_DATA, ./data"),
             PathUse::input, takes::folder);
  add_device_options(*command, options->device);
  command->footer(R"(Examples:
  srwm eval --run runs/quickstart-s1
  srwm eval --checkpoint runs/x/checkpoints/best.h5 --split val --num-episodes 5000 --json
  srwm eval --run runs/x --episodes-file fixed.h5 --predictions logits.h5
  srwm eval --run runs/games_quickstart-s1 --num-episodes 100 --video films

Model, dataset and protocol, or environments, come from the checkpoint.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
