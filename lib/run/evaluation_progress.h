// How far an evaluation is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "run/progress.h"

namespace srwm {

/// On a terminal a line that is redrawn (run/progress.h); elsewhere, and in log.txt, a line every ten seconds. An
/// evaluation that is over sooner says nothing there. For one thread.
class EvaluationProgress {
 public:
  /// The logger must live longer.
  EvaluationProgress(Logger& logger, std::string label, std::int64_t episodes,
                     TerminalOptions options = TerminalOptions::detect());
  /// So many more episodes are done.
  void add(std::int64_t episodes);

 private:
  ProgressDisplay display_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point reported_;
};

}  // namespace srwm
