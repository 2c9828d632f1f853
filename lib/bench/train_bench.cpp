#include "bench/train_bench.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "spec/parse.h"
#include "spec/print.h"
#include "train/trainer.h"

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

/// Training that continues until it is measured: of the keys that a task has, those that end or interrupt it.
std::unique_ptr<AnySpec> endless(const AnySpec& spec) {
  std::vector<std::string> overrides;
  for (const char* setting : {"train.steps=1000000000", "validation.every=0", "checkpoint.every=1000000000"}) {
    const std::string text = setting;
    if (spec.keys().find_field(text.substr(0, text.find('='))) != nullptr) overrides.push_back(text);
  }
  return parse_spec_of(spec.keys(), to_json(spec), "the spec of the benchmark", overrides);
}

}  // namespace

BenchResult bench_train(const AnySpec& measured, const TaskType& type, Context& context,
                        const std::shared_ptr<const TaskData>& data, double seconds) {
  const std::unique_ptr<AnySpec> spec = endless(measured);
  const TemporaryFolder temporary;
  const RunFolder folder = RunFolder::open(temporary.path(), false);
  Logger logger(/*quiet=*/true);
  StopRequest stop;
  const std::unique_ptr<Task> task = type.make(*spec, context, data, no_other_ranks());
  Trainer trainer(*spec, context, *task, data->digest(), folder.paths(), logger, stop);
  std::int64_t done = 0;
  const auto train = [&](std::int64_t steps) {
    done += steps;
    trainer.run_until(done);
    context.queue().synchronize();
  };
  train(3);  // on a GPU the first step is for real and the second recorded
  const double start = now_seconds(), before = task->trained().count;
  train(1);
  const double items = task->trained().count - before;
  // From one report to the next, or fewer steps where these take long.
  const double in_time = seconds / 5 / (now_seconds() - start);
  const std::int64_t report_every = spec->loop().report_every;
  const std::int64_t steps = std::clamp<std::int64_t>(static_cast<std::int64_t>(in_time), 1, report_every);
  const Timing timing = time_repeatedly(seconds, [&] { train(steps); });
  return {.name = fmt::format("training, reports every {}", report_every),
          .timing = timing.of_each(steps),
          .items = items,
          .item = std::string(task->trained().name)};
}

}  // namespace srwm
