#include "bench/step_bench.h"

#include <algorithm>
#include <map>

#include "bench/flops.h"
#include "fewshot/learner.h"
#include "fewshot/predictor.h"
#include "fewshot/training_step.h"
#include "ops/cross_entropy.h"
#include "optim/adam.h"

namespace srwm {
namespace {

/// Books the time between two calls of a tape's watcher on the op that was running; forward and backward apart.
class OpClock {
 public:
  explicit OpClock(DeviceQueue& queue) : queue_(queue) {}
  void begin_step() {
    ++steps_;
    last_ = now_seconds();
  }
  void operator()(const char* op, const std::string& what) {
    queue_.synchronize();
    const double now = now_seconds();
    std::vector<double>& seconds = seconds_[std::string(op) + (what.starts_with("output") ? " forward" : " backward")];
    seconds.resize(steps_);
    seconds.back() += now - last_;
    last_ = now;
  }
  /// Slowest first.
  std::vector<BenchResult> results() const {
    std::vector<BenchResult> list;
    for (const auto& [name, seconds] : seconds_) {
      list.push_back({.name = "in a step: " + name, .timing = timing_of(seconds)});
    }
    std::ranges::sort(list, std::greater{}, [](const BenchResult& r) { return r.timing.median; });
    return list;
  }

 private:
  DeviceQueue& queue_;
  double last_ = 0;
  std::size_t steps_ = 0;
  std::map<std::string, std::vector<double>> seconds_;  ///< of each step
};

/// Seconds of the parts of steps, a list per part in the order of their first appearance.
class PartTimes {
 public:
  void begin() { last_ = now_seconds(); }
  void end(const std::string& part) {
    const double now = now_seconds();
    auto known = std::ranges::find(parts_, part, &Part::first);
    if (known == parts_.end()) known = parts_.insert(known, {part, {}});
    known->second.push_back(now - last_);
    last_ = now;
  }
  std::vector<BenchResult> results() const {
    std::vector<BenchResult> list;
    for (const auto& [name, seconds] : parts_)
      list.push_back({.name = "in turn: " + name, .timing = timing_of(seconds)});
    return list;
  }

 private:
  using Part = std::pair<std::string, std::vector<double>>;
  double last_ = 0;
  std::vector<Part> parts_;
};

class StepBench {
 public:
  StepBench(const ExperimentSpec& spec, Context& context, const FewShotData& data)
      : spec_(spec),
        context_(context),
        queue_(context.queue()),
        source_(data.training()),
        learner_(context, spec, data.image_shape()),
        adam_(context, learner_.parameters(), spec.optim, spec.model.core.hidden),
        idle_adam_(context, learner_.parameters(), idle(spec.optim), spec.model.core.hidden),
        step_(context, learner_, adam_, source_, spec),
        ledger_(context.persistent({Ledger::size}, DType::f64)) {
    draw();
    images_ = static_cast<double>(batch_.positions());
    flops_ = images_ * training_flops_per_image(spec.model, data.image_shape(), spec.protocol.n_way);
  }

  /// Steps one behind the other, and a wait at the end.
  BenchResult training(double seconds) {
    for (int i = 0; i < 3; ++i) run();  // the first is for real, the second recorded
    const double start = now_seconds();
    run();
    queue_.synchronize();
    const auto steps = static_cast<std::int64_t>(std::clamp(0.02 / (now_seconds() - start), 1.0, 100.0));
    const Timing timing = time_repeatedly(seconds, [&] {
      for (std::int64_t i = 0; i < steps; ++i) run();
      queue_.synchronize();
    });
    return {.name = "training step",
            .timing = timing.of_each(steps),
            .flops = flops_ * static_cast<double>(spec_.train.accumulate),
            .items = images_ * static_cast<double>(spec_.train.accumulate),
            .item = "images",
            .precision = spec_.train.precision};
  }

  /// Batches one behind the other, and a wait at the end.
  BenchResult evaluation(double seconds) {
    constexpr std::int64_t passes = 16;
    Predictor predictor(context_, learner_, [](const Prediction&) {});
    const Timing timing = time_repeatedly(seconds, [&] {
      for (std::int64_t i = 0; i < passes; ++i) {
        draw();
        predictor.start(batch_, source_.pool());
      }
      predictor.finish();
    });
    return {.name = "evaluation pass",
            .timing = timing.of_each(passes),
            .items = images_,
            .item = "images",
            .precision = spec_.train.precision};
  }

  BenchResult host_part(double seconds) {
    std::vector<double> times;
    time_repeatedly(seconds, [&] {
      const double start = now_seconds();
      run();
      times.push_back(now_seconds() - start);
      queue_.synchronize();
    });
    return {.name = "host's part of a step", .timing = timing_of(times)};
  }

  std::vector<BenchResult> device_parts(double seconds) {
    const StagedBatch staged = learner_.stage(context_, batch_, source_.pool());
    const Arena::Mark after_staging = context_.arena().mark();
    const Timing gradient = time_on_device(context_, seconds / 2, [&] {
      context_.arena().rewind(after_staging);
      learner_.parameters().zero_grad();
      learner_.gradient(context_, staged);
    });
    idle_adam_.prepare(context_);
    const Timing optimizer = time_on_device(context_, seconds / 2, [&] { idle_adam_.apply(context_, ledger_); });
    return {
        {.name = "device's part: gradient", .timing = gradient, .flops = flops_, .precision = spec_.train.precision},
        {.name = "device's part: optimizer", .timing = optimizer, .bytes = adam_bytes()}};
  }

  std::vector<BenchResult> in_turn(double seconds) {
    PartTimes parts;
    time_repeatedly(seconds, [&] {
      parts.begin();
      draw();
      parts.end("draw");
      const StagedBatch staged = learner_.stage(context_, batch_, source_.pool());
      queue_.synchronize();
      parts.end("stage and upload");
      learner_.parameters().zero_grad();
      // The loss is the last op of the way forward.
      learner_.gradient(context_, staged,
                        [&](const std::string&, const char* op, const std::string& what, const Tensor&) {
                          if (op != std::string_view(CrossEntropy::name) || what != "output 0") return;
                          queue_.synchronize();
                          parts.end("forward");
                        });
      queue_.synchronize();
      parts.end("backward");
      idle_adam_.prepare(context_);
      idle_adam_.apply(context_, ledger_);
      queue_.synchronize();
      parts.end("optimizer");
    });
    return parts.results();
  }

  std::vector<BenchResult> op_by_op(double seconds) {
    OpClock clock(queue_);
    time_repeatedly(seconds, [&] {
      draw();
      const StagedBatch staged = learner_.stage(context_, batch_, source_.pool());
      queue_.synchronize();
      clock.begin_step();
      learner_.parameters().zero_grad();
      learner_.gradient(
          context_, staged,
          [&](const std::string&, const char* op, const std::string& what, const Tensor&) { clock(op, what); });
    });
    return clock.results();
  }

 private:
  void draw() { source_.batch(drawn_++ * spec_.train.batch, spec_.train.batch, batch_); }
  void run() { step_.run(steps_done_++); }

  /// Does all the work of a step and leaves the parameters where they are: one gradient, applied thousands of times,
  /// would make them overflow.
  static OptimOptions idle(OptimOptions options) {
    options.schedule = ScheduleKind::constant;
    options.rate = 0;
    return options;
  }

  /// Value, gradient and two moments are read, and all but the gradient written.
  double adam_bytes() const {
    double bytes = 0;
    for (const UpdatedTensors& tensors : adam_.tensors()) bytes += 7 * static_cast<double>(tensors.value.bytes());
    return bytes;
  }

  const ExperimentSpec& spec_;
  Context& context_;
  DeviceQueue& queue_;
  const EpisodeSource& source_;
  FewShotLearner learner_;
  Adam adam_, idle_adam_;
  TrainingStep step_;
  Tensor ledger_;
  EpisodeBatch batch_;
  std::int64_t drawn_ = 0, steps_done_ = 0;
  double images_ = 0, flops_ = 0;
};

}  // namespace

std::vector<BenchResult> bench_step(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds) {
  StepBench bench(spec, context, data);
  const double each = seconds / 6;
  std::vector<BenchResult> results{bench.training(each), bench.evaluation(each)};
  const auto append = [&](const std::vector<BenchResult>& more) {
    results.insert(results.end(), more.begin(), more.end());
  };
  if (context.device().kind == Device::Kind::cuda) {
    append({bench.host_part(each)});
    append(bench.device_parts(each));
  }
  append(bench.in_turn(each));
  append(bench.op_by_op(each));
  return results;
}

}  // namespace srwm
