#include "tasks/vsml/eval.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/version.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "run/evaluation_progress.h"
#include "tasks/vsml/evaluator.h"
#include "train/model_state.h"
#include "train/option_checks.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

/// A dataset's name or path as the name of a group.
std::string group_name(std::string dataset) {
  std::ranges::replace(dataset, '/', '_');
  return "/" + dataset;
}

/// Writes /<dataset>/accuracy, /<dataset>/ci95 and /<dataset>/loss, f64 [T]: means over the episodes for each image
/// (docs/file_formats.md, "curves").
void write_curves(const std::filesystem::path& path, const StreamEvaluations& evaluations) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "curves", 1, generator());
  for (const StreamEvaluation& evaluation : evaluations.datasets) {
    std::vector<double> accuracy, ci95, loss;
    for (const RunningMean& mean : evaluation.by_step) {
      accuracy.push_back(mean.mean());
      ci95.push_back(mean.ci95());
    }
    for (const double sum : evaluation.loss_by_step) loss.push_back(sum / static_cast<double>(evaluation.episodes()));
    const Shape shape{evaluation.length()};
    const std::string group = group_name(evaluation.dataset);
    file.write(group + "/accuracy", Tensor::of<double>(shape, accuracy));
    file.write(group + "/ci95", Tensor::of<double>(shape, ci95));
    file.write(group + "/loss", Tensor::of<double>(shape, loss));
  }
  write_file_atomically(path, file.image());
}

class VsmlEval final : public TaskEval {
 public:
  void add_options(CLI::App& command) override {
    takes_path(command.add_option("--curves", curves_,
                                  "Of a learning rule: write accuracy and loss at each image of an "
                                  "episode to this HDF5 file"),
               PathUse::output, takes::h5_file);
    command.add_option("--stream-seed", seed_, "Of a learning rule: seed of the streams")
        ->check(not_negative())
        ->capture_default_str();
  }

  bool needs_checkpoint(const AnySpec& spec) const override { return as<VsmlSpec>(spec).model.is_trained(); }

  EvalOutcome run(const EvalRequest& request) override {
    auto spec = as<VsmlSpec>(request.spec);
    const EvaluatedStreams streams = streams_for(request);
    if (request.episodes > 0) (streams.group == "test" ? spec.test : spec.validation).episodes = request.episodes;
    if (streams.group == "test" && spec.test.episodes == 0) {
      throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
    }
    Context& context = request.context;
    const VsmlData data(spec, request.data_dir, context.threads());
    ParameterSet parameters(context, spec.seed);
    const std::unique_ptr<LearningRule> rule = make_rule(parameters, spec);
    if (spec.model.is_trained()) restore_model(context, request.checkpoint, parameters);
    const StreamEvaluations result = evaluate(context, *rule, data, spec, streams);
    if (!curves_.empty()) write_curves(curves_, result);
    nlohmann::ordered_json json = {{"checkpoint_step", request.checkpoint.progress.step},
                                   {"split", std::string(name_of(streams.split))},
                                   {"stream_seed", seed_}};
    json.update(to_json(result));
    return {json, describe(result), data.digest()};
  }

 private:
  /// The test's streams from the test split, or the validation's from any other.
  EvaluatedStreams streams_for(const EvalRequest& request) const {
    const Split split = request.split.empty() ? Split::test : parse_split(request.split);
    return {.group = split == Split::test ? "test" : "validation", .split = split, .seed = seed_};
  }

  static StreamEvaluations evaluate(Context& context, LearningRule& rule, const VsmlData& data, const VsmlSpec& spec,
                                    const EvaluatedStreams& streams) {
    const StreamTestSpec& group = streams.group == "test" ? spec.test : spec.validation;
    const auto datasets = static_cast<std::int64_t>(group.streams.datasets.size());
    Logger logger;
    EvaluationProgress progress(logger, std::string(name_of(streams.split)), datasets * group.episodes);
    return evaluate_streams(context, rule, data, spec, streams, [&](std::int64_t done) { progress.add(done); });
  }

  std::string curves_;
  std::uint64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<TaskEval> make_vsml_eval() {
  return std::make_unique<VsmlEval>();
}

}  // namespace srwm
