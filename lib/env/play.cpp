#include "env/play.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "core/clock.h"
#include "core/rng.h"

namespace srwm {
namespace {

/// Returns and lengths of the episodes that end.
class EpisodeCount {
 public:
  explicit EpisodeCount(std::size_t envs) : returns_(envs), lengths_(envs) {}

  void add(std::span<const float> rewards, std::span<const std::uint8_t> is_first) {
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      returns_[i] += rewards[i];
      ++lengths_[i];
      if (is_first[i] != 0) end_episode(i);
    }
  }

  void summarise(PlaySummary& summary) const {
    summary.episodes = episodes_;
    if (episodes_ == 0) return;
    summary.mean_return = sum_of_returns_ / static_cast<double>(episodes_);
    summary.mean_length = static_cast<double>(sum_of_lengths_) / static_cast<double>(episodes_);
  }

 private:
  void end_episode(std::size_t env) {
    ++episodes_;
    sum_of_returns_ += returns_[env];
    sum_of_lengths_ += lengths_[env];
    returns_[env] = 0;
    lengths_[env] = 0;
  }

  std::vector<double> returns_;
  std::vector<std::int64_t> lengths_;
  std::int64_t episodes_ = 0, sum_of_lengths_ = 0;
  double sum_of_returns_ = 0;
};

void copy_frame(const Tensor& frames, const Tensor& to, std::int64_t row) {
  const std::int64_t bytes = to.numel() / to.dim(0);
  std::copy_n(frames.data<std::uint8_t>(), bytes, to.data<std::uint8_t>() + row * bytes);
}

}  // namespace

void draw_actions(std::uint64_t seed, std::uint32_t step, int actions, std::span<std::int32_t> to) {
  const RandomStep random(seed, Stream::env, step);
  for (std::size_t i = 0; i < to.size(); i += 4) {
    const Philox4 numbers = random.at(i);
    for (std::size_t lane = 0; lane < std::min<std::size_t>(4, to.size() - i); ++lane) {
      const std::uint64_t scaled = std::uint64_t{numbers[lane]} * static_cast<std::uint64_t>(actions);
      to[i + lane] = static_cast<std::int32_t>(scaled >> 32);
    }
  }
}

PlaySummary play_randomly(VectorEnv& env, const EnvMemory& memory, double seconds, std::uint64_t seed) {
  EpisodeCount count(static_cast<std::size_t>(env.size()));
  PlaySummary summary;
  const Clock::time_point begin = Clock::now();
  for (std::uint32_t step = 0; summary.seconds < seconds; ++step) {
    draw_actions(seed, step, env.actions(), memory.actions.span<std::int32_t>());
    env.act();
    env.observe();
    count.add(memory.rewards.span<float>(), memory.is_first.span<std::uint8_t>());
    summary.steps += env.size();
    summary.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  count.summarise(summary);
  return summary;
}

Recording record_play(VectorEnv& env, const EnvMemory& memory, std::int64_t steps,
                      const std::vector<std::int32_t>& actions, std::uint64_t seed) {
  const FrameShape frame = env.frame();
  Recording recording{Tensor::owning({steps + 1, frame.height, frame.width, frame.channels}, DType::u8), {}, {}, {}};
  copy_frame(memory.frames, recording.frames, 0);
  const std::span<std::int32_t> chosen = memory.actions.span<std::int32_t>();
  for (std::int64_t step = 0; step < steps; ++step) {
    if (actions.empty()) {
      draw_actions(seed, static_cast<std::uint32_t>(step), env.actions(), chosen);
    } else {
      std::ranges::fill(chosen, actions[static_cast<std::size_t>(step) % actions.size()]);
    }
    recording.actions.push_back(chosen[0]);
    env.act();
    env.observe();
    copy_frame(memory.frames, recording.frames, step + 1);
    recording.rewards.push_back(memory.rewards.span<float>()[0]);
    recording.ended.push_back(memory.is_first.span<std::uint8_t>()[0] != 0);
  }
  return recording;
}

}  // namespace srwm
