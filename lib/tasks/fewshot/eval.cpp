#include "tasks/fewshot/eval.h"

#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"
#include "core/version.h"
#include "run/evaluation_progress.h"
#include "run/result.h"
#include "spec/fields.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/evaluator.h"
#include "tasks/fewshot/report.h"
#include "train/model_state.h"
#include "train/option_checks.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

class FewShotEval final : public TaskEval {
 public:
  void add_options(CLI::App& command) override {
    CLI::Option* seed = command.add_option("--episode-seed", episode_seed_, "Seed of the drawn episodes")
                            ->check(not_negative())
                            ->capture_default_str();
    takes_path(command.add_option("--episodes-file", episodes_file_, "Evaluate on this episodes file instead"),
               PathUse::input, takes::h5_file)
        ->excludes("--split")
        ->excludes(seed);
    takes_path(command.add_option("--predictions", predictions_, "Write logits and labels to this HDF5 file"),
               PathUse::output, takes::h5_file);
    command.add_option("--batch", batch_, "Episodes at a time; default: the spec's train.batch")->check(positive());
  }

  EvalOutcome run(const EvalRequest& request) override {
    const ExperimentSpec spec = spec_for(request);
    Context& context = request.context;
    const FewShotData data(spec, request.data_dir, context.threads());
    FewShotLearner learner(context, spec, data.image_shape());
    restore_model(context, request.checkpoint, learner.parameters());
    if (!from_file()) check_digest(request.checkpoint, data);
    const std::unique_ptr<EpisodeSource> drawn = from_file() ? nullptr : source_for(data, request.split);
    const EpisodeSource& source = from_file() ? data.training() : *drawn;
    const std::int64_t episodes = episodes_for(request, spec, data);
    PredictionFile predictions(episodes, spec.protocol.n_way);
    Logger logger;
    std::optional<EvaluationProgress> progress(std::in_place, logger, origin(request), episodes);
    const PredictionSink sink = [&](const Prediction& p) {
      progress->add(p.episodes);
      if (!predictions_.empty()) predictions.add(p);
    };
    const Evaluation result =
        evaluate(context, learner, source, episodes, batch_ > 0 ? batch_ : spec.train.batch, sink);
    progress.reset();  // before anything is printed where its line is
    if (!predictions_.empty()) predictions.write(predictions_, generator());
    return {json_of(request, result), describe(origin(request), result) + "\n" + describe_series(result),
            data.digest()};
  }

 private:
  bool from_file() const { return !episodes_file_.empty(); }

  /// The spec of the checkpoint, changed to load only what the evaluation needs.
  ExperimentSpec spec_for(const EvalRequest& request) const {
    ExperimentSpec spec = as<ExperimentSpec>(request.spec);
    if (request.episodes > 0) spec.test.episodes = request.episodes;
    spec.data.train_episodes = episodes_file_;
    if (from_file() && !spec.data.normalize) spec.test.episodes = spec.validation.every = 0;
    return spec;
  }

  std::unique_ptr<EpisodeSource> source_for(const FewShotData& data, const std::string& named) const {
    for (Split split : all_splits) {
      if (name_of(split) == (named.empty() ? "test" : named)) return data.drawn(split, episode_seed_);
    }
    throw UsageError("--split {}: the splits are train, val and test.", named);
  }

  std::int64_t episodes_for(const EvalRequest& request, const ExperimentSpec& spec, const FewShotData& data) const {
    if (!from_file()) {
      if (spec.test.episodes > 0) return spec.test.episodes;
      throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
    }
    const std::int64_t stored = data.stored_episodes();
    if (request.episodes > stored) {
      throw UsageError("--num-episodes {}: {} holds {} episodes.", request.episodes, episodes_file_, stored);
    }
    return request.episodes > 0 ? request.episodes : stored;
  }

  /// The classes must be those that the checkpoint was trained and validated on: test classes of another file may be
  /// its training classes. Says nothing where the checkpoint saw only a file of episodes, or where nobody knows what it
  /// saw: converted from PyTorch.
  static void check_digest(const Checkpoint& checkpoint, const FewShotData& data) {
    const std::string &then = checkpoint.data_digest, now = data.digest();
    if (then.empty()) return;
    const std::string path = checkpoint.path.string();
    const bool only_file =
        then.find('+') == std::string::npos && !parse_spec_text(checkpoint.spec_json, path).data.train_episodes.empty();
    if (only_file || then == now || then.starts_with(now + "+")) return;
    throw DataError(
        "{} was made with data of digest {}, but the data found now has {}: the files differ. Give the original data "
        "with --data-dir, or episodes of your own with --episodes-file.",
        path, then, now);
  }

  std::string origin(const EvalRequest& request) const {
    if (from_file()) return printable(episodes_file_);
    return request.split.empty() ? "test" : request.split;
  }

  nlohmann::ordered_json json_of(const EvalRequest& request, const Evaluation& result) const {
    nlohmann::ordered_json object = {{"checkpoint_step", request.checkpoint.progress.step},
                                     {"episodes_from", origin(request)}};
    object.update(to_json(result));
    object["images_per_second"] = static_cast<double>(result.images) / result.seconds;
    if (!from_file()) object["episode_seed"] = seed_as_json(episode_seed_);
    return object;
  }

  std::string episodes_file_, predictions_;
  std::int64_t batch_ = 0;
  std::uint64_t episode_seed_ = 0;
};

}  // namespace

std::unique_ptr<TaskEval> make_fewshot_eval() {
  return std::make_unique<FewShotEval>();
}

}  // namespace srwm
