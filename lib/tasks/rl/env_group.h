// Environments that step together, and what their episodes brought.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/vector_env.h"
#include "ops/context.h"
#include "tasks/rl/rl_spec.h"

namespace srwm {

/// Episodes that ended since the last report, by game.
struct EpisodeFigures {
  explicit EpisodeFigures(std::size_t games = 1) : returns(games), episodes(games) {}
  void clear();
  void add(const EpisodeFigures& more);
  /// Mean return of a game's episodes; NaN if none ended.
  double mean(std::size_t game) const { return returns[game] / static_cast<double>(episodes[game]); }

  std::vector<double> returns;  ///< sums
  std::vector<std::int64_t> episodes;
};

/// `count` environments on the spec's training levels; groups of another number play other episodes.
EnvRequest training_request(const RlSpec& spec, std::int64_t group, std::int64_t count);
/// The same games elsewhere: `envs` of each, on `levels` levels from `first_level` on.
EnvRequest request_for_levels(const RlSpec& spec, std::int64_t envs, std::int64_t first_level, std::int64_t levels);

class EnvGroup;
/// Episodes that the last step ended.
std::int64_t episodes_ended(const EnvGroup& group);

/// N environments, of which the n-th plays game n mod `games`. What they show is on the device after each `observe`.
class EnvGroup {
 public:
  /// Begins the first episodes. Errors of VectorEnv.
  EnvGroup(Context& context, std::shared_ptr<const EnvLibrary> library, const EnvRequest& request);

  std::int64_t size() const { return env_.size(); }
  FrameShape frame() const { return env_.frame(); }
  std::int64_t actions() const { return env_.actions(); }
  std::size_t games() const { return games_; }
  const EnvLibrary& library() const { return env_.library(); }

  /// Takes actions [N], i32 on the device, for the next step; waits for them, and so for what was sent before.
  void take(Context& context, const Tensor& actions) { context.download(memory_.actions.raw(), actions); }
  /// Begins that step.
  void act() { env_.act(); }
  /// Waits for that step and sends what it showed to the device; rewards go to the running returns, and those of
  /// episodes that ended to `figures`.
  void observe(Context& context, EpisodeFigures& figures);

  // Of the last step, on the device.
  const Tensor& frames() const { return frames_; }      ///< u8 [N, H, W, C]
  const Tensor& rewards() const { return rewards_; }    ///< f32 [N]
  const Tensor& is_first() const { return is_first_; }  ///< u8 [N]

  // The same on the host.
  const EnvMemory& on_host() const { return memory_; }

  /// State of environment n between `observe` and `act`, with the frame, reward and `first` that it shows, as
  /// bytes.
  std::string save(std::int64_t n);
  /// Puts it back; after all of them, `observe_again`.
  void load(std::int64_t n, const std::string& state);
  void observe_again(Context& context);
  /// Returns of the running episodes, [N].
  std::vector<double>& running_returns() { return running_; }

 private:
  void show_again(std::int64_t n, std::string_view shown);
  void upload(Context& context);

  VectorEnv env_;
  EnvMemory memory_;
  std::size_t games_;
  Tensor frames_, rewards_, is_first_;  ///< on a CPU the memory that the library writes to
  std::vector<double> running_;
  std::vector<std::pair<std::int64_t, std::string>> shown_;  ///< of loaded environments, until observe_again
};

}  // namespace srwm
