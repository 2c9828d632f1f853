#include "bench/data_bench.h"

namespace srwm {

std::vector<BenchResult> bench_data(Context& context, Task& task, std::int64_t passes, double seconds) {
  std::vector<double> getting, staging, counts(task.counts());
  std::int64_t step = 0;
  const double before = task.trained().count;
  time_repeatedly(seconds, [&] {
    const double start = now_seconds();
    task.prepare(step, [] { return true; });
    const double there = now_seconds();
    for (std::int64_t i = 0; i < passes; ++i) {
      const Pass pass{step, i, step * passes + i};
      task.stage(pass);
      task.count(pass, counts);
      task.add_counts(counts);
    }
    context.queue().synchronize();
    task.done(step++);
    getting.push_back(there - start);
    staging.push_back(now_seconds() - there);
  });
  const double items = (task.trained().count - before) / static_cast<double>(step);
  const std::string item(task.trained().name);
  return {{.name = "getting the data of a step", .timing = timing_of(getting), .items = items, .item = item},
          {.name = "drawing and staging it", .timing = timing_of(staging), .items = items, .item = item}};
}

}  // namespace srwm
