#include "train/thread_choice.h"

#include <algorithm>

namespace srwm {
namespace {

constexpr double window = 0.25;       ///< seconds
constexpr double noise = 1.02;        ///< of the present time of a step: fewer threads must not be slower than that
constexpr double gain = 0.95;         ///< of the present time of a step: more threads must be faster than that
constexpr double slowdown = 1.25;     ///< of the usual time of a step
constexpr double shortest_rest = 30;  ///< seconds
constexpr double rest_per_try = 50;   ///< seconds a second of the last try, so that tries cost little

}  // namespace

ThreadChoice::ThreadChoice(int most) {
  for (int threads = most; threads > 1; threads /= 2) ladder_.push_back(threads);
  ladder_.push_back(1);
}

void ThreadChoice::add_step(double seconds) {
  if (ladder_.size() == 1) return;
  window_seconds_ += seconds;
  steps_ += 1;
  if (window_seconds_ < window) return;
  end_window(window_seconds_ / steps_);
  window_seconds_ = steps_ = 0;
}

void ThreadChoice::end_window(double seconds_per_step) {
  switch (phase_) {
    case Phase::before:
      return try_next(seconds_per_step);
    case Phase::trying:
      trying_ = seconds_per_step;
      rest_ = std::max(shortest_rest, rest_per_try * window_seconds_);
      phase_ = Phase::after;
      return;
    case Phase::after:
      return judge(seconds_per_step);
    case Phase::resting:
      rested_ += window_seconds_;
      usual_ = std::min(usual_, seconds_per_step);
      if (rested_ < rest_ && seconds_per_step < slowdown * usual_) return;
      tries_ = rested_ < rest_ ? 2 : 1;
      return try_next(seconds_per_step);
  }
}

void ThreadChoice::judge(double after) {
  if (trying_ < (candidate_ > present_ ? noise : gain) * std::min(before_, after)) {
    present_ = candidate_;
    tries_ = 2;
    phase_ = Phase::before;
    return;
  }
  downwards_ = !downwards_;
  --tries_;
  tries_ > 0 ? try_next(after) : rest(after);
}

void ThreadChoice::try_next(double before) {
  before_ = before;
  if (present_ == 0) downwards_ = true;
  if (present_ + 1 == ladder_.size()) downwards_ = false;
  candidate_ = downwards_ ? present_ + 1 : present_ - 1;
  phase_ = Phase::trying;
}

void ThreadChoice::rest(double usual) {
  usual_ = usual;
  rested_ = 0;
  phase_ = Phase::resting;
}

}  // namespace srwm
