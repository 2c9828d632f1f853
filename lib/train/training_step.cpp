#include "train/training_step.h"

#include <algorithm>

#include "core/clock.h"
#include "core/error.h"
#include "ops/backend.h"

namespace srwm {
namespace {

std::size_t record_bytes(Task& task) {
  std::size_t bytes = (1 + task.sums().size() + task.counts()) * sizeof(double);
  for (const StateTensor& state : task.parameters().states()) bytes += state.value.bytes();
  constexpr std::size_t alignment = sizeof(double);  // gradients follow in the message
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

TrainingStep::TrainingStep(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed, Ranks& ranks)
    : context_(context),
      task_(task),
      ranks_(ranks),
      passes_(loop.accumulate),
      share_(share_of(passes_, ranks.rank(), ranks.size())),
      sums_(task.sums().size()),
      tree_(context, task.parameters(), passes_),
      counts_(task.counts()),
      stats_(context.persistent({static_cast<std::int64_t>(StepStats::sums + sums_)}, DType::f64)),
      row_(context.persistent({1, static_cast<std::int64_t>(1 + sums_)}, DType::f64)) {
  SRWM_CHECK(sums_ <= StepStats::most_sums, "{} sums", sums_);
  SRWM_CHECK(ranks.size() <= loop.passes(), "{} ranks for {} passes", ranks.size(), loop.passes());
  if (loop.gradient == GradientSource::evolution) {
    SRWM_CHECK(passes_ == 1, "a population and {} passes", passes_);
    evolution_.emplace(context, task, loop.evolution, seed, ranks);
  }
  if (passes_ == 1) return;
  for (const StateTensor& state : task.parameters().states()) {
    running_.push_back(context.persistent(state.value.shape()));
  }
  if (!ranks.is_alone()) exchange_.emplace(context, task.parameters(), passes_, record_bytes(task), ranks);
}

double TrainingStep::run(std::int64_t step) {
  run_passes(step);
  const double rate = task_.optimizer().prepare(context_);
  task_.change_parameters([this] { update(); });
  return rate;
}

void TrainingStep::run_passes(std::int64_t step) {
  ranks_.set_phase("the passes", step);
  if (evolution_) {
    task_.change_parameters([this, step] { evolution_->run(step, stats_, stop_reason_); });
    notes_.assign(evolution_->notes().begin(), evolution_->notes().end());
    return;
  }
  const auto start = Clock::now();
  for (std::int64_t index = share_.first; index < share_.last; ++index) {
    const Pass staged = begin(step, index);
    pass();
    if (passes_ > 1) after_pass(index);
    task_.count(staged, counts_);
    if (exchange_) {
      keep_record(index);
    } else {
      task_.add_counts(counts_);
    }
  }
  if (exchange_) exchange(seconds_since(start));
}

void TrainingStep::watch(std::int64_t step, const TensorWatcher& watcher) {
  for (std::int64_t index = share_.first; index < share_.last; ++index) {
    begin(step, index);
    task_.parameters().zero_grad();
    task_.gradient(watcher);
  }
}

Pass TrainingStep::begin(std::int64_t step, std::int64_t index) {
  const Pass pass{step, index, step * passes_ + index};
  context_.set_random_step(static_cast<std::uint32_t>(pass.number));
  task_.stage(pass);
  if (index == share_.first) {
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
  if (!exchange_) context_.backend().updates.fold_passes(context_, {row_, stats_});
}

/// Takes gradient and running statistics of a pass to those of the passes before it; with several ranks gradients
/// alone, to those of its node.
void TrainingStep::after_pass(std::int64_t index) {
  const PassRange node = exchange_ ? exchange_->node_of(index) : PassRange{0, passes_};
  sum_work_.perform(context_, GradientTree::kind(index - node.first, node.count()), [&] {
    tree_.add(context_, index - node.first, node.count());
    if (!exchange_) fold_running();
    return std::monostate();
  });
  if (exchange_ && index == node.last - 1) exchange_->take_node(node);
}

/// What a pass leaves in the running statistics is added to those of the passes before it.
void TrainingStep::fold_running() {
  std::size_t i = 0;
  for (const StateTensor& state : task_.parameters().states()) {
    context_.backend().updates.scale_add(context_, {1 - state.momentum, running_[i++], state.value});
  }
}

/// A record: the row of the pass, its counts, and what it leaves in the running statistics.
void TrainingStep::keep_record(std::int64_t index) {
  std::byte* to = exchange_->record(index).data();
  context_.download(to, row_);
  to += row_.bytes();
  to = std::ranges::copy(std::as_bytes(std::span(counts_)), to).out;
  for (const StateTensor& state : task_.parameters().states()) {
    context_.download(to, state.value);
    to += state.value.bytes();
  }
}

void TrainingStep::exchange(double seconds) {
  ranks_.set_phase("the exchange", task_.optimizer().steps_done());
  exchange_->run(StepNote::of(stop_reason_, seconds));
  notes_.assign(exchange_->notes().begin(), exchange_->notes().end());
  for (std::int64_t index = 0; index < passes_; ++index) fold_record(index);
}

/// What a single rank does after each pass.
void TrainingStep::fold_record(std::int64_t index) {
  const std::byte* from = exchange_->record(index).data();
  context_.upload(row_, from);
  context_.backend().updates.fold_passes(context_, {row_, stats_});
  from += row_.bytes();
  std::copy_n(from, counts_.size() * sizeof(double), std::as_writable_bytes(std::span(counts_)).begin());
  from += counts_.size() * sizeof(double);
  task_.add_counts(counts_);
  for (const StateTensor& state : task_.parameters().states()) {
    context_.upload(state.value, from);
    from += state.value.bytes();
  }
  fold_running();
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
