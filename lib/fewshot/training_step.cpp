#include "fewshot/training_step.h"

#include <array>

#include "ops/backend.h"

namespace srwm {

TrainingStep::TrainingStep(Context& context, FewShotLearner& learner, Adam& adam, const EpisodeSource& source,
                           const ExperimentSpec& spec)
    : context_(context),
      learner_(learner),
      adam_(adam),
      source_(source),
      batch_size_(spec.train.batch),
      accumulate_(spec.train.accumulate),
      ledger_(context.persistent({Ledger::size}, DType::f64)) {}

TrainingStep::Report TrainingStep::run(std::int64_t step) {
  Report report;
  for (std::int64_t i = 0; i < accumulate_; ++i) {
    draw(step, i);
    const StagedBatch staged = learner_.stage(context_, batch_, source_.pool());
    pass(staged, i == 0);
    ++report.passes;
    report.images += batch_.positions();
    report.targets += staged.targets.numel();
  }
  report.rate = adam_.prepare(context_);
  updates_.perform(context_, Update::adam, [&] {
    adam_.apply(context_, ledger_);
    return std::monostate();
  });
  return report;
}

void TrainingStep::pass(const StagedBatch& staged, bool first) {
  const PassShape shape{first, batch_.batch, batch_.length, batch_.queries, staged.targets.numel()};
  passes_.perform(context_, shape, [&] {
    if (first) learner_.parameters().zero_grad();
    FewShotLearner::Outcome outcome = learner_.gradient(context_, staged);
    context_.backend().updates.add_outcome(context_, {outcome.loss, outcome.correct, ledger_});
    return outcome;
  });
}

StepTotals TrainingStep::totals() {
  std::array<double, Ledger::size> ledger{};
  context_.download(ledger.data(), ledger_);
  return {ledger[Ledger::loss], static_cast<std::int64_t>(ledger[Ledger::correct]), ledger[Ledger::grad_norm],
          static_cast<std::int64_t>(ledger[Ledger::bad_step])};
}

void TrainingStep::set_totals(const StepTotals& totals) {
  std::array<double, Ledger::size> ledger{};
  ledger[Ledger::loss] = totals.loss;
  ledger[Ledger::correct] = static_cast<double>(totals.correct);
  ledger[Ledger::grad_norm] = totals.grad_norm;
  ledger[Ledger::bad_step] = static_cast<double>(totals.bad_step);
  context_.upload(ledger_, ledger.data());
}

const EpisodeBatch& TrainingStep::draw_again(std::int64_t step) {
  draw(step, accumulate_ - 1);
  return batch_;
}

void TrainingStep::draw(std::int64_t step, std::int64_t pass_of_step) {
  const std::int64_t pass = step * accumulate_ + pass_of_step;
  context_.set_random_step(static_cast<std::uint32_t>(pass));
  source_.batch(pass * batch_size_, batch_size_, batch_);
}

}  // namespace srwm
