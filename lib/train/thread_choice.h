// How many CPU threads a run works with where nobody said: found by measuring, since results do not depend on it.
#pragma once

#include <cstddef>
#include <vector>

namespace srwm {

/// Climbs a ladder of numbers of threads: the most, half of them, a quarter, ..., 1. A rung is tried for a window (as
/// many steps as take a quarter of a second) between two windows of the present rung, and taken if it is faster than
/// both by more than noise, or no slower with fewer threads. After two tries in vain it rests: for half a minute
/// (longer where a step takes long), or until the speed falls, because other programs come and go and the steps of a
/// run change.
class ThreadChoice {
 public:
  explicit ThreadChoice(int most);

  /// For the next step.
  int threads() const { return ladder_[phase_ == Phase::trying ? candidate_ : present_]; }
  /// A step with threads() took so many seconds.
  void add_step(double seconds);

 private:
  enum class Phase { before, trying, after, resting };

  void end_window(double seconds_per_step);
  void judge(double after);
  void try_next(double before);
  void rest(double usual);

  std::vector<int> ladder_;  ///< descending
  std::size_t present_ = 0, candidate_ = 0;
  bool downwards_ = true;  ///< the next try is of fewer threads
  int tries_ = 2;          ///< left before the next rest
  Phase phase_ = Phase::before;
  double before_ = 0, trying_ = 0;         ///< seconds a step
  double usual_ = 0;                       ///< the same: the fastest window since the last try
  double rested_ = 0, rest_ = 0;           ///< seconds since the last try; of the coming rest
  double window_seconds_ = 0, steps_ = 0;  ///< of this window
};

}  // namespace srwm
