#include "train/training_step.h"

#include <algorithm>

#include "core/error.h"
#include "ops/backend.h"

namespace srwm {

TrainingStep::TrainingStep(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed)
    : context_(context),
      task_(task),
      passes_(loop.accumulate),
      sums_(task.sums().size()),
      tree_(context, task.parameters(), passes_),
      stats_(context.persistent({static_cast<std::int64_t>(StepStats::sums + sums_)}, DType::f64)),
      row_(context.persistent({1, static_cast<std::int64_t>(1 + sums_)}, DType::f64)) {
  SRWM_CHECK(sums_ <= StepStats::most_sums, "{} sums", sums_);
  if (loop.gradient == GradientSource::evolution) {
    SRWM_CHECK(passes_ == 1, "a population and {} passes", passes_);
    evolution_.emplace(context, task, loop.evolution, seed);
  }
  if (passes_ == 1) return;
  for (const StateTensor& state : task.parameters().states()) {
    running_.push_back(context.persistent(state.value.shape()));
  }
}

double TrainingStep::run(std::int64_t step) {
  run_passes(step);
  const double rate = task_.optimizer().prepare(context_);
  task_.change_parameters([this] { update(); });
  return rate;
}

void TrainingStep::run_passes(std::int64_t step) {
  if (evolution_) return task_.change_parameters([this, step] { evolution_->run(step, stats_); });
  for (std::int64_t index = 0; index < passes_; ++index) {
    begin(step, index);
    pass();
    if (passes_ > 1) after_pass(index);
  }
}

void TrainingStep::watch(std::int64_t step, const TensorWatcher& watcher) {
  for (std::int64_t index = 0; index < passes_; ++index) {
    begin(step, index);
    task_.parameters().zero_grad();
    task_.gradient(watcher);
  }
}

Pass TrainingStep::begin(std::int64_t step, std::int64_t index) {
  const Pass pass{step, index, step * passes_ + index};
  context_.set_random_step(static_cast<std::uint32_t>(pass.number));
  task_.stage(pass);
  if (index == 0) {
    std::size_t i = 0;
    for (const Tensor& running : running_) context_.copy(running, task_.parameters().states()[i++].value);
  }
  return pass;
}

void TrainingStep::pass() {
  if (!task_.is_recordable()) return compute_pass();
  pass_work_.perform(context_, task_.shape(), [&] {
    compute_pass();
    return std::monostate();
  });
}

/// The gradient of the staged pass, from zero, and its row of numbers.
void TrainingStep::compute_pass() {
  ParameterSet& parameters = task_.parameters();
  if (passes_ > 1) {
    // From zero, so that a pass leaves its own share of the running statistics.
    for (const StateTensor& state : parameters.states()) context_.queue().zero(state.value.raw(), state.value.bytes());
  }
  parameters.zero_grad();
  const PassOutcome outcome = task_.gradient();
  parameters.zero_missing_gradients(context_);
  StorePass store{.values = {outcome.loss}, .count = 1 + sums_, .row = row_};
  std::copy_n(outcome.sums.begin(), sums_, store.values.begin() + 1);
  context_.backend().updates.store_pass(context_, store);
  context_.backend().updates.fold_passes(context_, {row_, stats_});
}

/// Takes gradient and running statistics of a pass to those of the passes before it.
void TrainingStep::after_pass(std::int64_t index) {
  sum_work_.perform(context_, tree_.kind(index), [&] {
    tree_.add(context_, index);
    std::size_t i = 0;
    for (const StateTensor& state : task_.parameters().states()) {
      context_.backend().updates.scale_add(context_, {1 - state.momentum, running_[i++], state.value});
    }
    return std::monostate();
  });
}

void TrainingStep::update() {
  const auto work = [&] {
    std::size_t i = 0;
    for (const Tensor& running : running_) context_.copy(task_.parameters().states()[i++].value, running);
    task_.optimizer().apply(context_, stats_);
    return std::monostate();
  };
  if (!task_.is_recordable()) {
    work();
  } else {
    update_work_.perform(context_, Kind::update, work);
  }
}

StepTotals TrainingStep::totals() {
  std::array<double, StepStats::sums + StepStats::most_sums> stats{};
  context_.download(stats.data(), stats_);
  StepTotals totals{.loss = stats[StepStats::loss],
                    .grad_norm = stats[StepStats::grad_norm],
                    .bad_step = static_cast<std::int64_t>(stats[StepStats::bad_step])};
  std::copy_n(stats.begin() + StepStats::sums, sums_, totals.sums.begin());
  return totals;
}

void TrainingStep::set_totals(const StepTotals& totals) {
  std::array<double, StepStats::sums + StepStats::most_sums> stats{};
  stats[StepStats::loss] = totals.loss;
  stats[StepStats::grad_norm] = totals.grad_norm;
  stats[StepStats::bad_step] = static_cast<double>(totals.bad_step);
  std::copy_n(totals.sums.begin(), sums_, stats.begin() + StepStats::sums);
  context_.upload(stats_, stats.data());
}

}  // namespace srwm
