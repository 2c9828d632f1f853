#include "srwm/eval_rl.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "io/terminal.h"
#include "rl/library_limits.h"
#include "rl/report.h"
#include "rl/snapshot.h"
#include "rl/video.h"
#include "run/evaluation_progress.h"
#include "run/statement.h"

namespace srwm {
namespace {

constexpr std::int64_t filmed_episodes = 3;

/// The spec with the number of episodes asked for, shared out evenly.
RlSpec spec_for(RlSpec spec, const RlEvalOptions& options) {
  if (options.episodes == 0) {
    if (spec.test.episodes > 0) return spec;
    throw UsageError("The run's spec has test.episodes 0. Say how many to evaluate with --num-episodes.");
  }
  spec.test.episodes = options.episodes;
  spec.test.envs = std::min(spec.test.envs, options.episodes);
  while (spec.test.episodes % spec.test.envs != 0) --spec.test.envs;
  return spec;
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

/// Evaluates on a split, and films the beginning where that is asked for; `complaint` says why a film is missing.
RlEvaluation play(Context& context, const Agent& agent, const RlSpec& spec,
                  const std::shared_ptr<const EnvLibrary>& library, const RlSplit& split, const std::string& video,
                  std::string& complaint) {
  Logger logger;
  EvaluationProgress progress(logger, split.name,
                              spec.test.episodes * static_cast<std::int64_t>(game_names(spec).size()));
  const auto count = [&](const EnvGroup& group) { progress.add(episodes_ended(group)); };
  if (video.empty()) return evaluate(context, agent, spec, library, split, {}, count);
  VideoWriter writer(std::filesystem::path(video) / split.name, game_names(spec), filmed_episodes);
  RlEvaluation evaluation = evaluate(context, agent, spec, library, split, {}, [&](const EnvGroup& group) {
    count(group);
    writer.watch(group);
  });
  if (complaint.empty()) complaint = writer.make_films();
  return evaluation;
}

}  // namespace

void evaluate_rl(const Checkpoint& checkpoint, const std::filesystem::path& path, const RlSpec& spec_of_run,
                 const RlEvalOptions& options) {
  const RlSpec spec = spec_for(spec_of_run, options);
  const std::unique_ptr<Context> context = make_context(options.device, spec.seed);
  if (context->device().kind != Device::Kind::cpu) choose_precision(*context, spec.train.precision);
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(spec.env.library, options.data_dir);
  const std::vector<RlSplit> splits = chosen_splits(spec, *library, options.split);
  if (const std::string limits = describe_limits(*library); !limits.empty()) {
    fmt::print(stderr, "srwm: {}\n", printable(limits));
  }
  RlScores scores = empty_scores(spec, *library);
  std::unique_ptr<RlLearner> learner;
  {
    const EnvGroup group(*context, library,
                         request_for_levels(spec, 1, splits.front().first_level, splits.front().levels));
    learner = std::make_unique<RlLearner>(*context, spec, group.frame(), group.actions());
  }
  restore_model(*context, checkpoint, *learner);
  std::string complaint;
  for (const RlSplit& split : splits) {
    scores.splits.emplace_back(split, play(*context, learner->agent(), spec, library, split, options.video, complaint));
  }
  if (!complaint.empty()) print_to_stderr(fmt::format("srwm: {}\n", printable(complaint)));
  if (!options.json) return fmt::print("{}", describe(scores));
  nlohmann::ordered_json object = {{"checkpoint", printable(path.string())},
                                   {"checkpoint_update", checkpoint.progress.step}};
  for (auto& [name, section] : to_sections(scores)) object[name] = std::move(section);
  add_statement(object, Statement(*context, "", checkpoint.spec_json));
  fmt::print("{}\n", json_text(object, 2));
}

}  // namespace srwm
