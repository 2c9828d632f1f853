#include "run/evaluation_progress.h"

#include <utility>

namespace srwm {
namespace {

constexpr std::chrono::seconds between_reports(10);

}  // namespace

EvaluationProgress::EvaluationProgress(Logger& logger, std::string label, std::int64_t episodes,
                                       TerminalOptions options)
    : display_(logger, std::move(label), 0, episodes, options), reported_(std::chrono::steady_clock::now()) {}

void EvaluationProgress::add(std::int64_t episodes) {
  done_ += episodes;
  display_.step(done_);
  const auto now = std::chrono::steady_clock::now();
  if (now - reported_ < between_reports) return;
  reported_ = now;
  display_.report(done_, {});
}

}  // namespace srwm
