#include "bench/step_bench.h"

#include <algorithm>
#include <map>

#include "train/training_step.h"

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
  void end(const std::string& part) { end(part, now_seconds()); }
  /// A part ends where `mark` was called last.
  void mark() { mark_ = now_seconds(); }
  void end_at_mark(const std::string& part) { end(part, mark_); }
  std::vector<BenchResult> results() const {
    std::vector<BenchResult> list;
    for (const auto& [name, seconds] : parts_)
      list.push_back({.name = "in turn: " + name, .timing = timing_of(seconds)});
    return list;
  }

 private:
  void end(const std::string& part, double now) {
    auto known = std::ranges::find(parts_, part, &Part::first);
    if (known == parts_.end()) known = parts_.insert(known, {part, {}});
    known->second.push_back(now - last_);
    last_ = now;
  }

  using Part = std::pair<std::string, std::vector<double>>;
  double last_ = 0, mark_ = 0;
  std::vector<Part> parts_;
};

class StepBench {
 public:
  StepBench(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed)
      : context_(context),
        queue_(context.queue()),
        task_(task),
        precision_(loop.precision),
        step_(context, task, loop, seed),
        stats_(context.persistent({static_cast<std::int64_t>(StepStats::sums)}, DType::f64)) {
    run();
    items_ = task.trained().count;
  }

  /// Steps one behind the other, and a wait at the end.
  BenchResult training(double seconds) {
    for (int i = 0; i < 2; ++i) run();  // the first was for real, the second is recorded
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
            .flops = task_.flops_per_pass() * static_cast<double>(step_.passes()),
            .items = items_,
            .item = std::string(task_.trained().name),
            .precision = precision_};
  }

  BenchResult forward(double seconds) {
    const Pass pass = begin();
    const Timing timing = time_repeatedly(seconds, [&] {
      task_.stage(pass);
      task_.loss();
      queue_.synchronize();
    });
    end();
    return {
        .name = "forward pass", .timing = timing, .items = items_of_pass(), .item = item(), .precision = precision_};
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
    task_.stage(begin());
    const Arena::Mark after_staging = context_.arena().mark();
    const Timing gradient = time_on_device(context_, seconds / 2, [&] {
      context_.arena().rewind(after_staging);
      task_.parameters().zero_grad();
      task_.gradient();
    });
    // One gradient, applied thousands of times, would make the parameters overflow.
    for (const Parameter& p : task_.parameters().parameters()) queue_.zero(p.slot.grad.raw(), p.slot.grad.bytes());
    task_.optimizer().prepare(context_);
    const Timing optimizer = time_on_device(context_, seconds / 2, [&] { task_.optimizer().apply(context_, stats_); });
    end();
    return {{.name = "device's part: gradient",
             .timing = gradient,
             .flops = task_.flops_per_pass(),
             .precision = precision_},
            {.name = "device's part: optimizer", .timing = optimizer, .bytes = optimizer_bytes()}};
  }

  std::vector<BenchResult> in_turn(double seconds) {
    PartTimes parts;
    time_repeatedly(seconds, [&] {
      parts.begin();
      const Pass pass = begin();
      parts.end("data");
      task_.stage(pass);
      queue_.synchronize();
      parts.end("stage and upload");
      task_.parameters().zero_grad();
      bool is_forward = true;
      task_.gradient([&](const std::string&, const char*, const std::string& what, const Tensor&) {
        if (!is_forward) return;
        queue_.synchronize();
        if (what.starts_with("output")) return parts.mark();
        parts.end_at_mark("forward");
        is_forward = false;
      });
      queue_.synchronize();
      parts.end("backward");
      task_.optimizer().prepare(context_);
      task_.optimizer().apply(context_, stats_);
      queue_.synchronize();
      parts.end("optimizer");
      end();
    });
    return parts.results();
  }

  std::vector<BenchResult> op_by_op(double seconds) {
    OpClock clock(queue_);
    time_repeatedly(seconds, [&] {
      task_.stage(begin());
      queue_.synchronize();
      clock.begin_step();
      task_.parameters().zero_grad();
      task_.gradient(
          [&](const std::string&, const char* op, const std::string& what, const Tensor&) { clock(op, what); });
      end();
    });
    return clock.results();
  }

 private:
  /// Gets the data of the next step.
  Pass begin() {
    task_.prepare(steps_done_, [] { return true; });
    const Pass pass{steps_done_, 0, steps_done_ * step_.passes()};
    context_.set_random_step(static_cast<std::uint32_t>(pass.number));
    return pass;
  }
  void end() { task_.done(steps_done_++); }

  void run() {
    task_.prepare(steps_done_, [] { return true; });
    step_.run(steps_done_);
    if (task_.holds_data()) step_.totals();
    end();
  }

  double items_of_pass() const { return items_ / static_cast<double>(step_.passes()); }
  std::string item() const { return std::string(task_.trained().name); }

  /// Value, gradient and state are read, and all but the gradient written.
  double optimizer_bytes() const {
    double bytes = 0;
    for (const Parameter& p : task_.parameters().parameters()) bytes += 3 * static_cast<double>(p.value.bytes());
    for (const NamedTensor& state : task_.optimizer().state()) bytes += 2 * static_cast<double>(state.tensor.bytes());
    return bytes;
  }

  Context& context_;
  DeviceQueue& queue_;
  Task& task_;
  Precision precision_;
  TrainingStep step_;
  Tensor stats_;
  std::int64_t steps_done_ = 0;
  double items_ = 0;  ///< of a step
};

}  // namespace

std::vector<BenchResult> bench_step(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed,
                                    double seconds) {
  StepBench bench(context, task, loop, seed);
  const double each = seconds / 6;
  std::vector<BenchResult> results{bench.training(each), bench.forward(each)};
  if (loop.gradient == GradientSource::evolution) return results;
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
