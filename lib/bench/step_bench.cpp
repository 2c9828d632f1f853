#include "bench/step_bench.h"

#include <algorithm>
#include <map>

#include "bench/flops.h"
#include "fewshot/learner.h"
#include "fewshot/predictor.h"
#include "optim/adam.h"

namespace srwm {
namespace {

/// Books the time between two calls of a tape's watcher on the op that was running; forward and backward apart.
class OpClock {
 public:
  void restart() { last_ = now_seconds(); }
  void operator()(const char* op, const std::string& what) {
    const double now = now_seconds();
    seconds_[std::string(op) + (what.starts_with("output") ? " forward" : " backward")] += now - last_;
    last_ = now;
  }
  std::vector<BenchResult> results(std::int64_t steps) const {
    std::vector<BenchResult> list;
    for (const auto& [name, seconds] : seconds_) {
      const double each = seconds / static_cast<double>(steps);
      list.push_back({.name = "in a step: " + name, .timing = {each, each, steps}});
    }
    std::ranges::sort(list, std::greater{}, [](const BenchResult& r) { return r.timing.median; });
    return list;
  }

 private:
  double last_ = 0;
  std::map<std::string, double> seconds_;
};

}  // namespace

std::vector<BenchResult> bench_step(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds) {
  FewShotLearner learner(context, spec, data.image_shape());
  Adam adam(context, learner.parameters(), spec.optim, spec.model.core.hidden);
  const EpisodeSource& source = data.training();
  EpisodeBatch batch;
  std::int64_t step = 0;
  const auto gradient = [&](const TensorWatcher& watcher) {
    source.batch(step++ * spec.train.batch, spec.train.batch, batch);
    learner.parameters().zero_grad();
    learner.accumulate_gradient(context, batch, source.pool(), watcher);
  };

  const Timing training = time_repeatedly(seconds, [&] {
    gradient({});
    adam.step(context);
  });
  const Timing evaluation = time_repeatedly(seconds / 2, [&] {
    source.batch(step++ * spec.train.batch, spec.train.batch, batch);
    predict(context, learner, batch, source.pool());
  });
  OpClock clock;
  const Timing watched = time_repeatedly(seconds / 2, [&] {
    clock.restart();
    gradient([&](const std::string&, const char* op, const std::string& what, const Tensor&) { clock(op, what); });
  });

  const auto images = static_cast<double>(batch.positions());
  const double flops = images * training_flops_per_image(spec.model, data.image_shape(), spec.protocol.n_way);
  std::vector<BenchResult> results{
      {.name = "training step", .timing = training, .flops = flops, .items = images, .item = "images"},
      {.name = "evaluation pass", .timing = evaluation, .items = images, .item = "images"}};
  std::ranges::copy(clock.results(watched.calls + 1), std::back_inserter(results));
  return results;
}

}  // namespace srwm
