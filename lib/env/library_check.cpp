#include "env/library_check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "env/play.h"
#include "env/vector_env.h"

namespace srwm {
namespace {

constexpr std::uint64_t action_seed = 1;
constexpr std::int32_t level_of_check = 7;

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// What a library wrote in a step.
struct Moment {
  std::vector<std::uint8_t> frames, is_first;
  std::vector<float> rewards;
  std::vector<std::int32_t> levels;  ///< empty where the library does not tell

  /// Bit for bit, but for levels.
  bool operator==(const Moment& other) const {
    return frames == other.frames && is_first == other.is_first &&
           std::ranges::equal(rewards, other.rewards, same_bits);
  }
};

/// Memory with bytes before and behind it that nobody may write.
class FencedMemory {
 public:
  Tensor make(const Shape& shape, DType dtype) {
    const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
    auto block = std::make_shared<std::vector<std::uint8_t>>(bytes + 2 * fence, fence_byte);
    std::fill_n(block->begin() + fence, bytes, std::uint8_t{0});
    blocks_.push_back(block);
    return {std::shared_ptr<void>(block, block->data() + fence), shape, dtype};
  }

  bool is_whole() const {
    const auto is_fence = [](std::uint8_t byte) { return byte == fence_byte; };
    return std::ranges::all_of(blocks_, [&](const auto& block) {
      return std::all_of(block->begin(), block->begin() + fence, is_fence) &&
             std::all_of(block->end() - fence, block->end(), is_fence);
    });
  }

 private:
  static constexpr std::ptrdiff_t fence = 256;
  static constexpr std::uint8_t fence_byte = 0xa5;
  std::vector<std::shared_ptr<std::vector<std::uint8_t>>> blocks_;
};

/// A vector of environments that is played with actions that depend on the step alone.
class WatchedPlay {
 public:
  WatchedPlay(const std::shared_ptr<const EnvLibrary>& library, const EnvRequest& request)
      : env_(library, request),
        memory_(env_, [this](const Shape& shape, DType dtype) { return fences_.make(shape, dtype); }) {
    env_.start(memory_.buffers());
    env_.observe();
  }

  VectorEnv& env() { return env_; }
  bool has_whole_fences() const { return fences_.is_whole(); }
  bool keeps_actions() const { return keeps_actions_; }

  Moment now() const {
    const auto copy = [](const auto& span) { return std::vector(span.begin(), span.end()); };
    return {copy(memory_.frames.span<std::uint8_t>()), copy(memory_.is_first.span<std::uint8_t>()),
            copy(memory_.rewards.span<float>()), env_.info().level_seed};
  }

  void step(std::int64_t number) {
    const auto actions = memory_.actions.span<std::int32_t>();
    draw_actions(action_seed, static_cast<std::uint32_t>(number), env_.actions(), actions);
    const std::vector<std::int32_t> given(actions.begin(), actions.end());
    env_.act();
    env_.observe();
    keeps_actions_ = keeps_actions_ && std::ranges::equal(given, actions);
  }

  /// The moments after the steps first, ..., first + count - 1.
  std::vector<Moment> play(std::int64_t first, std::int64_t count) {
    std::vector<Moment> moments;
    for (std::int64_t number = first; number < first + count; ++number) {
      step(number);
      moments.push_back(now());
    }
    return moments;
  }

 private:
  FencedMemory fences_;
  VectorEnv env_;
  EnvMemory memory_;
  bool keeps_actions_ = true;
};

/// "after step 12: environment 3 has another frame"
std::string first_difference(const std::vector<Moment>& expected, const std::vector<Moment>& found, int envs) {
  for (std::size_t at = 0; at < expected.size(); ++at) {
    const Moment &a = expected[at], &b = found[at];
    if (a == b) continue;
    const std::size_t bytes = a.frames.size() / static_cast<std::size_t>(envs);
    for (std::size_t env = 0; env < static_cast<std::size_t>(envs); ++env) {
      const char* what = a.is_first[env] != b.is_first[env] ? "first" : nullptr;
      if (!same_bits(a.rewards[env], b.rewards[env])) what = "reward";
      if (std::memcmp(a.frames.data() + env * bytes, b.frames.data() + env * bytes, bytes) != 0) what = "frame";
      if (what != nullptr) return fmt::format("After step {}, environment {} has another {}.", at + 1, env, what);
    }
  }
  return {};
}

/// Collects the checks of one library.
class Checker {
 public:
  Checker(const std::shared_ptr<const EnvLibrary>& library, EnvRequest request, std::int64_t steps)
      : library_(library), request_(std::move(request)), steps_(steps) {}

  std::vector<LibraryCheck> run() {
    request_.threads = 0;
    WatchedPlay play(library_, request_);
    const Moment start = play.now();
    reference_ = play.play(0, steps_);
    check_start(start);
    check_buffers(play);
    check_values();
    check_episodes();
    check_observe(play);
    check_seed();
    check_threads();
    check_states();
    check_levels();
    return std::move(checks_);
  }

 private:
  /// `failure`: what was seen; empty: nothing.
  void add(const char* what, const std::string& failure) {
    checks_.push_back({what, failure.empty() ? CheckOutcome::passed : CheckOutcome::failed, failure});
  }
  void skip(const char* what, const std::string& why) { checks_.push_back({what, CheckOutcome::skipped, why}); }

  void check_start(const Moment& start) {
    const auto other = std::ranges::find_if(start.is_first, [](std::uint8_t first) { return first != 1; });
    add("the first observation begins an episode: first is 1",
        other == start.is_first.end()
            ? ""
            : fmt::format("Of environment {} it is {}.", other - start.is_first.begin(), *other));
  }

  void check_buffers(const WatchedPlay& play) {
    std::string failure;
    if (!play.keeps_actions()) failure = "The actions were changed.";
    if (!play.has_whole_fences()) failure = "Something was written before or behind them.";
    add("only frames, rewards and first are written, and nothing beside them", failure);
  }

  void check_values() {
    std::string failure;
    for (std::size_t at = 0; at < reference_.size() && failure.empty(); ++at) {
      const Moment& moment = reference_[at];
      const auto reward = std::ranges::find_if(moment.rewards, [](float value) { return !std::isfinite(value); });
      const auto first = std::ranges::find_if(moment.is_first, [](std::uint8_t value) { return value > 1; });
      if (reward != moment.rewards.end()) failure = fmt::format("After step {} a reward is {}.", at + 1, *reward);
      if (first != moment.is_first.end()) failure = fmt::format("After step {} a first is {}.", at + 1, *first);
    }
    add("rewards are numbers, and first is 0 or 1", failure);
  }

  void check_episodes() {
    const bool any_ended = std::ranges::any_of(reference_, [](const Moment& moment) {
      return std::ranges::find(moment.is_first, 1) != moment.is_first.end();
    });
    const char* what = "episodes end, and others begin";
    if (any_ended) {
      add(what, "");
    } else {
      skip(what, fmt::format("none ended within {} steps of random actions", steps_));
    }
  }

  void check_observe(WatchedPlay& play) {
    const Moment before = play.now();
    play.env().observe();
    add("observing again changes nothing", play.now() == before ? "" : "The buffers are others.");
  }

  /// Plays again with this request, and compares with the first time.
  std::string replay(const EnvRequest& request) {
    WatchedPlay play(library_, request);
    return first_difference(reference_, play.play(0, steps_), play.env().size());
  }

  void check_seed() {
    const char* what = "the same seed plays the same games";
    if (!library_->takes("rand_seed")) return skip(what, "it takes no rand_seed");
    add(what, replay(request_));
  }

  void check_threads() {
    const char* what = "threads change nothing";
    if (!library_->takes("num_threads") || !library_->takes("rand_seed"))
      return skip(what, "it takes no num_threads, or no rand_seed");
    EnvRequest threaded = request_;
    threaded.threads = 3;
    add(what, replay(threaded));
  }

  void check_states() {
    const char* what = "from a saved state everything goes on as it did";
    if (!library_->saves_state())
      return skip(what, "it has no get_state and set_state; a run cannot be resumed exactly");
    const std::int64_t half = steps_ / 2;
    WatchedPlay original(library_, request_);
    original.play(0, half);
    std::vector<std::string> states;
    for (int i = 0; i < original.env().size(); ++i) states.push_back(original.env().save_state(i));
    const std::vector<Moment> expected = original.play(half, steps_ - half);
    WatchedPlay copy(library_, request_);
    copy.play(0, 3);
    for (int i = 0; i < copy.env().size(); ++i) copy.env().load_state(i, states[static_cast<std::size_t>(i)]);
    copy.env().observe();
    add(what, first_difference(expected, copy.play(half, steps_ - half), copy.env().size()));
  }

  void check_levels() {
    const char* what = "a single level is the one asked for";
    if (!library_->takes_levels()) return skip(what, "it takes no num_levels and start_level");
    EnvRequest single = request_;
    single.levels = 1;
    single.first_level = level_of_check;
    WatchedPlay play(library_, single);
    std::vector<Moment> moments = play.play(0, steps_);
    if (moments.back().levels.empty()) return skip(what, "it has no info level_seed to tell by");
    for (const Moment& moment : moments) {
      for (const std::int32_t level : moment.levels) {
        if (level != level_of_check) {
          return add(what, fmt::format("Asked for level {} alone, it played level {}.", level_of_check, level));
        }
      }
    }
    add(what, "");
  }

  std::shared_ptr<const EnvLibrary> library_;
  EnvRequest request_;
  std::int64_t steps_;
  std::vector<Moment> reference_;
  std::vector<LibraryCheck> checks_;
};

}  // namespace

std::vector<LibraryCheck> check_library(const std::shared_ptr<const EnvLibrary>& library, const EnvRequest& request,
                                        std::int64_t steps) {
  return Checker(library, request, steps).run();
}

}  // namespace srwm
