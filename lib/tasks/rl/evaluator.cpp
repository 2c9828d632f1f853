#include "tasks/rl/evaluator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/core.h>

#include "core/error.h"
#include "core/finite.h"

namespace srwm {
namespace {

/// Counts the first episodes of every environment.
class EpisodeTally {
 public:
  EpisodeTally(std::size_t envs, std::size_t games, std::int64_t each)
      : games_(games), each_(each), left_(static_cast<std::int64_t>(envs) * each), running_(envs), sums_(games) {}

  bool complete() const { return left_ == 0; }

  void add(const EnvMemory& shown) {
    const auto rewards = shown.rewards.span<float>();
    const auto is_first = shown.is_first.span<std::uint8_t>();
    for (std::size_t n = 0; n < running_.size(); ++n) {
      Running& episode = running_[n];
      episode.score += static_cast<double>(rewards[n]);
      ++episode.length;
      if (is_first[n] == 0) continue;
      if (episode.done < each_) count(sums_[n % games_], episode);
      episode = {.done = episode.done + 1};
    }
  }

  GameScore score(const std::string& game, std::size_t index) const {
    const Sums& sums = sums_[index];
    if (sums.scores.empty()) return {.game = game};
    const auto n = static_cast<double>(sums.scores.size());
    const double mean = std::accumulate(sums.scores.begin(), sums.scores.end(), 0.0) / n;
    double squares = 0;
    for (const double score : sums.scores) squares += (score - mean) * (score - mean);
    std::optional<double> ci95;
    if (sums.scores.size() > 1) ci95 = 1.96 * std::sqrt(squares / n / (n - 1));
    return {game, mean, ci95, sums.length / n, static_cast<std::int64_t>(sums.scores.size())};
  }

 private:
  struct Running {
    double score = 0;
    std::int64_t length = 0, done = 0;
  };
  struct Sums {
    std::vector<double> scores;
    double length = 0;
  };

  void count(Sums& sums, const Running& episode) {
    sums.scores.push_back(episode.score);
    sums.length += static_cast<double>(episode.length);
    --left_;
  }

  std::size_t games_;
  std::int64_t each_, left_;
  std::vector<Running> running_;
  std::vector<Sums> sums_;
};

void check_policy(Context& context, const Tensor& log_probs, std::uint32_t step) {
  if (all_finite(context.on_host(log_probs))) return;
  throw NotFiniteError(
      "The policy of the agent is not finite at step {} of the evaluation. Evaluate another checkpoint of the run; a "
      "lower optim.rate or optim.clip_norm usually keeps the numbers in range.",
      step + 1);
}

}  // namespace

PlayCount shared_evenly(std::int64_t episodes, std::int64_t most_envs) {
  std::int64_t envs = std::min(most_envs, episodes);
  while (episodes % envs != 0) --envs;
  return {episodes, envs};
}

RlEvaluation evaluate(Context& context, const Agent& agent, const RlSpec& spec,
                      const std::shared_ptr<const EnvLibrary>& library, const RlSplit& split, const PlayCount& count,
                      const std::function<bool()>& keep_going, const PlayWatcher& watcher) {
  EnvGroup group(context, library, request_for_levels(spec, count.envs, split.first_level, split.levels));
  PolicyRunner player(context, agent, group);
  EpisodeFigures figures(group.games());
  EpisodeTally tally(static_cast<std::size_t>(group.size()), group.games(), count.episodes / count.envs);
  if (watcher) watcher(group);
  for (std::uint32_t step = 0; !tally.complete() && (!keep_going || keep_going()); ++step) {
    const bool forgets = spec.agent.carry == CarryKind::unroll && step % spec.train.unroll == 0;
    if (forgets) player.forget(context);
    const PolicyRunner::Choice choice = player.choose(context, group, step, 0, /*greedy=*/true);
    check_policy(context, choice.log_probs, step);
    group.take(context, choice.actions);
    group.act();
    group.observe(context, figures);
    tally.add(group.on_host());
    if (watcher) watcher(group);
  }
  RlEvaluation result{.games = {}, .complete = tally.complete()};
  const std::vector<std::string> names = game_names(spec);
  for (std::size_t game = 0; game < names.size(); ++game) result.games.push_back(tally.score(names[game], game));
  return result;
}

}  // namespace srwm
