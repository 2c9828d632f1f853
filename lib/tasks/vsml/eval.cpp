#include "tasks/vsml/eval.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"
#include "core/version.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "run/evaluation_progress.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/given_stream.h"
#include "tasks/vsml/probes.h"
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

/// The rule of the request's spec with the parameters of its checkpoint, if it has any.
class RestoredRule {
 public:
  RestoredRule(const EvalRequest& request, const EpisodeShape& shape)
      : parameters_(request.context, request.spec.seed) {
    const auto& spec = as<VsmlSpec>(request.spec);
    rule_ = make_rule(parameters_, spec, shape);
    if (spec.model.is_trained()) restore_model(request.context, request.checkpoint, parameters_);
  }
  LearningRule& get() const { return *rule_; }

 private:
  ParameterSet parameters_;
  std::unique_ptr<LearningRule> rule_;
};

class VsmlEval final : public TaskEval {
 public:
  void add_options(CLI::App& command) override {
    takes_path(command.add_option("--curves", curves_,
                                  "Of a learning rule: write accuracy and loss at each image of an "
                                  "episode to this HDF5 file"),
               PathUse::output, takes::h5_file);
    CLI::Option* seed = command.add_option("--stream-seed", seed_, "Of a learning rule: seed of the streams")
                            ->check(not_negative())
                            ->capture_default_str();
    CLI::Option* file = takes_path(command.add_option("--stream-file", stream_file_,
                                                      "Of a learning rule: evaluate it on the examples in this HDF5 "
                                                      "file instead"),
                                   PathUse::input, takes::h5_file)
                            ->excludes("--split")
                            ->excludes("--num-episodes")
                            ->excludes(seed);
    takes_path(command.add_option("--logits", logits_,
                                  "With --stream-file: write logits and the cells at the end to this HDF5 file"),
               PathUse::output, takes::h5_file)
        ->needs(file);
    CLI::Option* probes = command
                              .add_flag("--probes", probes_,
                                        "Of a learning rule: instead of its accuracy, how it takes a class that "
                                        "comes late and labels that change, and how its cells change")
                              ->excludes(file);
    command.add_option("--probe-step", probe_step_, "With --probes: images before the change; default: half of them")
        ->check(positive())
        ->needs(probes);
  }

  bool needs_checkpoint(const AnySpec& spec) const override { return as<VsmlSpec>(spec).model.is_trained(); }

  EvalOutcome run(const EvalRequest& request) override {
    return stream_file_.empty() ? run_on_drawn(request) : run_on_file(request);
  }

 private:
  EvalOutcome run_on_drawn(const EvalRequest& request) {
    auto spec = as<VsmlSpec>(request.spec);
    const EvaluatedStreams streams = streams_for(request);
    if (request.episodes > 0) group_of(spec, streams).episodes = request.episodes;
    if (streams.group == "test" && spec.test.episodes == 0) {
      throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
    }
    Context& context = request.context;
    const VsmlData data(spec, request.data_dir, context.threads());
    const RestoredRule rule(request, data.training_shape(spec));
    nlohmann::ordered_json json = {{"checkpoint_step", request.checkpoint.progress.step},
                                   {"split", std::string(name_of(streams.split))},
                                   {"stream_seed", seed_}};
    if (probes_) {
      const Probes probes = probe(context, rule.get(), data, spec, streams);
      json["probes"] = to_json(probes);
      return {json, describe(probes), data.digest()};
    }
    const StreamEvaluations result = evaluate(context, rule.get(), data, spec, streams);
    if (!curves_.empty()) write_curves(curves_, result);
    json.update(to_json(result));
    return {json, describe(result), data.digest()};
  }

  EvalOutcome run_on_file(const EvalRequest& request) {
    const StreamFile stream = read_stream_file(stream_file_);
    const RestoredRule rule(request, stream.shape());
    const GivenStreamResult result =
        evaluate_given_stream(request.context, rule.get(), stream, as<VsmlSpec>(request.spec).streams());
    if (!curves_.empty()) write_curves(curves_, result.evaluation);
    if (!logits_.empty()) write_given_stream(logits_, stream, result, generator());
    nlohmann::ordered_json json = {{"checkpoint_step", request.checkpoint.progress.step},
                                   {"stream_file", printable(stream.path)}};
    json.update(to_json(result.evaluation));
    return {json, describe(result.evaluation), stream.digest};
  }

  /// The test's streams from the test split, or the validation's from any other.
  EvaluatedStreams streams_for(const EvalRequest& request) const {
    const Split split = request.split.empty() ? Split::test : parse_split(request.split);
    return {.group = split == Split::test ? "test" : "validation", .split = split, .seed = seed_};
  }

  static StreamTestSpec& group_of(VsmlSpec& spec, const EvaluatedStreams& streams) {
    return streams.group == "test" ? spec.test : spec.validation;
  }

  /// What `work` makes of a function that counts episodes, with their progress shown.
  template <typename Work>
  static auto with_progress(VsmlSpec& spec, const EvaluatedStreams& streams, const Work& work) {
    const StreamTestSpec& group = group_of(spec, streams);
    const auto datasets = static_cast<std::int64_t>(group.streams.datasets.size());
    Logger logger;
    EvaluationProgress progress(logger, std::string(name_of(streams.split)), datasets * group.episodes);
    return work([&](std::int64_t done) { progress.add(done); });
  }

  static StreamEvaluations evaluate(Context& context, LearningRule& rule, const VsmlData& data, VsmlSpec& spec,
                                    const EvaluatedStreams& streams) {
    return with_progress(
        spec, streams, [&](const auto& count) { return evaluate_streams(context, rule, data, spec, streams, count); });
  }

  Probes probe(Context& context, LearningRule& rule, const VsmlData& data, VsmlSpec& spec,
               const EvaluatedStreams& streams) const {
    return with_progress(spec, streams, [&](const auto& count) {
      return probe_rule(context, rule, data, spec, streams, probe_step_, count);
    });
  }

  std::string curves_, stream_file_, logits_;
  std::uint64_t seed_ = 0;
  bool probes_ = false;
  std::int64_t probe_step_ = 0;
};

}  // namespace

std::unique_ptr<TaskEval> make_vsml_eval() {
  return std::make_unique<VsmlEval>();
}

}  // namespace srwm
