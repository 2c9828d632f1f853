#include "bench/train_bench.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>

#include <fmt/core.h>
#include <unistd.h>

#include "fewshot/trainer.h"

namespace srwm {
namespace {

/// Removed at the end of its life with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / fmt::format("srwm-bench-{}", getpid())) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Training that goes on until it is measured.
ExperimentSpec endless(ExperimentSpec spec) {
  spec.train.steps = std::numeric_limits<std::int64_t>::max();
  spec.validation.every = 0;
  spec.checkpoint.every = 0;
  return spec;
}

}  // namespace

BenchResult bench_train(const ExperimentSpec& measured, Context& context, const FewShotData& data, double seconds) {
  const ExperimentSpec spec = endless(measured);
  const TemporaryFolder temporary;
  const RunFolder folder = RunFolder::open(temporary.path(), false);
  Logger logger(/*quiet=*/true);
  StopRequest stop;
  FewShotTrainer trainer(spec, context, data, folder.paths(), logger, stop);
  std::int64_t done = 0;
  const auto train = [&](std::int64_t steps) {
    done += steps;
    trainer.run_until(done);
    context.queue().synchronize();
  };
  train(3);  // on a GPU the first step is for real and the second recorded
  const double start = now_seconds();
  train(1);
  // From one report to the next, or fewer steps where these take long.
  const double in_time = seconds / 5 / (now_seconds() - start);
  const std::int64_t steps = std::clamp<std::int64_t>(static_cast<std::int64_t>(in_time), 1, spec.train.report_every);
  const Timing timing = time_repeatedly(seconds, [&] { train(steps); });
  EpisodeBatch batch;
  data.training().batch(0, spec.train.batch, batch);
  return {.name = fmt::format("training, reports every {}", spec.train.report_every),
          .timing = timing.of_each(steps),
          .items = static_cast<double>(batch.positions() * spec.train.accumulate),
          .item = "images"};
}

}  // namespace srwm
