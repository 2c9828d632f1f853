#include "games/blind_play.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace srwm::games::test {
namespace {

constexpr int frame_size = 16;
constexpr int sampled_episodes = 3000;  // more than enough to meet every variant
constexpr double step_cost = 1e-6;      // so that the best way is a short one
constexpr std::array actions{Action::left, Action::right, Action::up, Action::down};

using Fields = std::vector<std::int32_t>;

/// One way in which an episode of the level can go, with a game to try steps on.
class Variant {
 public:
  Variant(const GameEntry& entry, Mode mode, int level_seed, int episode_seed, int hidden)
      : game_(entry.make(mode)), tiles_(entry.tiles[static_cast<std::size_t>(mode)]) {
    RandomSequence level(static_cast<std::uint64_t>(level_seed), Stream::env, 0);
    RandomSequence episode(static_cast<std::uint64_t>(episode_seed), Stream::env, 1);
    game_->start(level, episode);
    for (int step = 0; step < hidden; ++step) {
      story_ += frame();
      RandomSequence unused(0, Stream::env, 2);
      game_->step(Action::up, unused);
    }
    story_ += frame();
    start_ = fields();
  }

  /// All frames up to the first that the blind player sees.
  const std::string& story() const { return story_; }
  const Fields& start() const { return start_; }

  Fields fields() {
    Fields numbers;
    StateFields write(numbers);
    game_->fields(write);
    return numbers;
  }
  void load(const Fields& numbers) {
    StateFields read{std::span<const std::int32_t>(numbers)};
    game_->fields(read);
  }
  std::string frame() const {
    static const std::array<SpriteSheet, 2> sheets{SpriteSheet(1), SpriteSheet(2)};
    std::string pixels(frame_size * frame_size * 3, '\0');
    Canvas canvas(reinterpret_cast<std::uint8_t*>(pixels.data()), tiles_, sheets[tiles_ == 16 ? 0 : 1]);
    game_->draw_ground(canvas);
    game_->draw_rest(canvas);
    return pixels;
  }
  Outcome step(Action action) {
    RandomSequence unused(0, Stream::env, 2);
    return game_->step(action, unused);
  }

 private:
  std::unique_ptr<Game> game_;
  int tiles_;
  std::string story_;
  Fields start_;
};

/// What the player knows: the variants that it could be, each with its state, all looking the same.
using Belief = std::vector<std::pair<std::size_t, Fields>>;

/// What an action may lead to: the mean reward, and new beliefs with their probabilities.
struct Branch {
  double reward = 0;
  std::vector<std::pair<std::size_t, double>> next;
};

class Search {
 public:
  explicit Search(std::vector<Variant>& variants) : variants_(variants) {}

  /// Expected return from here on.
  double value(const Belief& belief) {
    const std::size_t root = index_of(belief);
    for (std::size_t node = 0; node < beliefs_.size(); ++node) expand(node);
    iterate();
    return values_[root];
  }

  /// Frame to action along the best ways from `belief`; where two beliefs look alike, the first met decides.
  void add_policy(const Belief& belief, std::map<std::string, Action>& policy) {
    std::vector<std::size_t> open{index_of(belief)};
    for (std::size_t i = 0; i < open.size(); ++i) {
      const Belief& here = beliefs_[open[i]];
      variants_[here.front().first].load(here.front().second);
      const std::size_t best = best_action(open[i]);
      if (!policy.emplace(variants_[here.front().first].frame(), actions[best]).second) continue;
      for (const auto& [next, chance] : branches_[open[i]][best].next) open.push_back(next);
    }
  }

 private:
  std::size_t index_of(const Belief& belief) {
    const auto [place, is_new] = known_.try_emplace(belief, beliefs_.size());
    if (is_new) {
      beliefs_.push_back(belief);
      values_.push_back(0);
    }
    return place->second;
  }

  void expand(std::size_t node) {
    if (node < branches_.size()) return;
    branches_.emplace_back();
    for (const Action action : actions) branches_[node].push_back(branch(Belief(beliefs_[node]), action));
  }

  Branch branch(const Belief& belief, Action action) {
    Branch result;
    result.reward = -step_cost;
    std::map<std::string, Belief> by_frame;
    const double share = 1.0 / static_cast<double>(belief.size());
    for (const auto& [index, numbers] : belief) {
      Variant& variant = variants_[index];
      variant.load(numbers);
      const Outcome outcome = variant.step(action);
      result.reward += share * static_cast<double>(outcome.reward);
      if (!outcome.done) by_frame[variant.frame()].emplace_back(index, variant.fields());
    }
    for (const auto& [frame, next] : by_frame) {
      result.next.emplace_back(index_of(next), share * static_cast<double>(next.size()));
    }
    return result;
  }

  double value_of(const Branch& branch) const {
    double sum = branch.reward;
    for (const auto& [next, chance] : branch.next) sum += chance * values_[next];
    return sum;
  }

  std::size_t best_action(std::size_t node) const {
    std::size_t best = 0;
    for (std::size_t a = 1; a < actions.size(); ++a) {
      if (value_of(branches_[node][a]) > value_of(branches_[node][best])) best = a;
    }
    return best;
  }

  void iterate() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t node = beliefs_.size(); node-- > 0;) {
        const double value = std::max(0.0, value_of(branches_[node][best_action(node)]));
        changed |= value > values_[node] + 1e-9;
        values_[node] = value;
      }
    }
  }

  std::vector<Variant>& variants_;
  std::map<Belief, std::size_t> known_;
  std::vector<Belief> beliefs_;
  std::vector<std::vector<Branch>> branches_;
  std::vector<double> values_;
};

std::vector<Variant> all_variants(const GameEntry& entry, Mode mode, int level_seed, int hidden) {
  std::vector<Variant> variants;
  std::map<std::string, int> met;
  for (int episode = 0; episode < sampled_episodes; ++episode) {
    Variant variant(entry, mode, level_seed, episode, hidden);
    if (met[variant.story()]++ == 0) variants.push_back(std::move(variant));
  }
  return variants;
}

double play(Variant& variant, const std::map<std::string, Action>& policy) {
  double sum = 0;
  variant.load(variant.start());
  for (int step = 0; step < 200; ++step) {
    const auto choice = policy.find(variant.frame());
    if (choice == policy.end()) return sum;
    const Outcome outcome = variant.step(choice->second);
    sum += static_cast<double>(outcome.reward);
    if (outcome.done) return sum;
  }
  return sum;
}

}  // namespace

BlindPlay solve_blind_play(const GameEntry& entry, Mode mode, int level_seed, int hidden) {
  std::vector<Variant> variants = all_variants(entry, mode, level_seed, hidden);
  const double share = 1.0 / static_cast<double>(variants.size());
  BlindPlay result;
  result.variants = static_cast<int>(variants.size());
  std::map<std::string, Belief> by_frame;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    variants[i].load(variants[i].start());
    by_frame[variants[i].frame()].emplace_back(i, variants[i].start());
  }
  std::map<std::string, Action> policy;
  Search blind(variants);
  for (const auto& [frame, belief] : by_frame) {
    result.blind += share * static_cast<double>(belief.size()) * blind.value(belief);
    blind.add_policy(belief, policy);
  }
  Search seeing(variants);
  for (std::size_t i = 0; i < variants.size(); ++i) result.seeing += share * seeing.value({{i, variants[i].start()}});
  for (Variant& variant : variants) result.memoryless += share * play(variant, policy);
  return result;
}

}  // namespace srwm::games::test
