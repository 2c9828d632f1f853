#include "tasks/rl/eval.h"

#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"
#include "io/terminal.h"
#include "run/evaluation_progress.h"
#include "spec/fields.h"
#include "tasks/rl/learner.h"
#include "tasks/rl/library_limits.h"
#include "tasks/rl/report.h"
#include "tasks/rl/video.h"
#include "train/model_state.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

constexpr std::int64_t filmed_episodes = 3;

/// The number of episodes asked for, shared out evenly.
PlayCount count_for(const RlSpec& spec, std::int64_t episodes) {
  if (episodes > 0) return shared_evenly(episodes, spec.test.envs);
  if (spec.test.episodes > 0) return {spec.test.episodes, spec.test.envs};
  throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
}

std::vector<RlSplit> chosen_splits(const RlSpec& spec, const EnvLibrary& library, const std::string& as_typed) {
  const std::string name = split_named(as_typed);
  std::vector<RlSplit> splits = splits_of(spec, library), chosen;
  std::string names;
  for (const RlSplit& split : splits) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", split.name);
    if (name.empty() || split.name == name) chosen.push_back(split);
  }
  if (chosen.empty()) throw UsageError("--split {}: the splits of this run are {}.", as_typed, names);
  return chosen;
}

class RlEval final : public TaskEval {
 public:
  void add_options(CLI::App& command) override {
    takes_path(command.add_option("--video", video_,
                                  "Of an agent: frames of some episodes as PNG, and MP4 if there is ffmpeg"),
               PathUse::output_folder, takes::folder);
  }

  EvalOutcome run(const EvalRequest& request) override {
    const auto& spec = as<RlSpec>(request.spec);
    Context& context = request.context;
    const PlayCount count = count_for(spec, request.episodes);
    const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(spec.env.library, request.data_dir);
    const std::vector<RlSplit> splits = chosen_splits(spec, *library, request.split);
    if (const std::string limits = describe_limits(*library); !limits.empty()) {
      print_to_stderr(fmt::format("srwm: {}\n", printable(limits)));
    }
    std::unique_ptr<RlLearner> learner;
    {
      const EnvGroup group(context, library,
                           request_for_levels(spec, 1, splits.front().first_level, splits.front().levels));
      learner = std::make_unique<RlLearner>(context, spec, group.frame(), group.actions());
    }
    restore_model(context, request.checkpoint, learner->parameters());
    RlScores scores = empty_scores(spec, *library);
    std::string complaint;
    for (const RlSplit& split : splits) {
      scores.splits.emplace_back(split, play(context, learner->agent(), spec, library, split, count, complaint));
    }
    if (!complaint.empty()) print_to_stderr(fmt::format("srwm: {}\n", printable(complaint)));
    EvalOutcome outcome{
        .json = {{"checkpoint_update", request.checkpoint.progress.step}}, .text = describe(scores), .data_digest = {}};
    for (auto& [name, section] : to_sections(scores)) outcome.json[name] = std::move(section);
    return outcome;
  }

 private:
  /// Evaluates on a split, and films the beginning where that is asked for; `complaint` says why a film is missing.
  RlEvaluation play(Context& context, const Agent& agent, const RlSpec& spec,
                    const std::shared_ptr<const EnvLibrary>& library, const RlSplit& split, const PlayCount& count,
                    std::string& complaint) const {
    Logger logger;
    EvaluationProgress progress(logger, split.name,
                                count.episodes * static_cast<std::int64_t>(game_names(spec).size()));
    const auto tally = [&](const EnvGroup& group) { progress.add(episodes_ended(group)); };
    if (video_.empty()) return evaluate(context, agent, spec, library, split, count, {}, tally);
    VideoWriter writer(std::filesystem::path(video_) / split.name, game_names(spec), filmed_episodes);
    RlEvaluation evaluation = evaluate(context, agent, spec, library, split, count, {}, [&](const EnvGroup& group) {
      tally(group);
      writer.watch(group);
    });
    if (complaint.empty()) complaint = writer.make_films();
    return evaluation;
  }

  std::string video_;
};

}  // namespace

std::unique_ptr<TaskEval> make_rl_eval() {
  return std::make_unique<RlEval>();
}

}  // namespace srwm
