// One optimizer step of a task after the other, without waiting for the device in between.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "comm/pass_tree.h"
#include "comm/ranks.h"
#include "ops/repeated_work.h"
#include "train/evolution.h"
#include "train/gradient_tree.h"
#include "train/step_exchange.h"
#include "train/task.h"

namespace srwm {

/// What steps have added up, as the host knows it after a wait.
struct StepTotals {
  double loss = 0;                                  ///< sum over passes
  std::array<double, StepStats::most_sums> sums{};  ///< in the order of Task::sums
  double grad_norm = 0;                             ///< of the last step
  std::int64_t bad_step = 0;  ///< the first step with a loss or gradient that is not finite, from 1; 0: none. The
                              ///< parameters have not changed since
};

/// Steps are numbered from 0 over the whole run; what a step does is a function of its number, of the parameters and of
/// the data that the task gives. With a single pass a step nothing is copied.
///
/// Several ranks share the passes of a step: each computes its own (share_of, comm/pass_tree.h), then all exchange what
/// passes left (train/step_exchange.h, train/evolution.h) and do the same update, with the bits of a single rank.
class TrainingStep {
 public:
  /// A step adds up the gradients of `loop.accumulate` passes, or takes that of a population, whose noise depends on
  /// `seed`. There are no more ranks than passes.
  TrainingStep(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed,
               Ranks& ranks = no_other_ranks());

  /// Starts the passes and the update of a step whose data is prepared; returns its learning rate.
  double run(std::int64_t step);
  /// The same without the update: leaves the gradients in their slots.
  void run_passes(std::int64_t step);
  /// Does the passes of this rank again with every tensor watched; leaves the gradients in an undefined state. Not for
  /// a population.
  void watch(std::int64_t step, const TensorWatcher& watcher);

  /// Of a step, those of all ranks; a pair of a population counts as one.
  std::int64_t passes() const { return evolution_ ? evolution_->pairs() : passes_; }
  bool has_population() const { return evolution_.has_value(); }
  /// The first member of a population whose loss is not finite.
  std::optional<BadMember> bad_member() const { return evolution_ ? evolution_->bad_member() : std::nullopt; }
  /// Why this rank is asked to stop, for the notes of the steps to come; with several ranks.
  void set_stop_reason(std::string reason) { stop_reason_ = std::move(reason); }
  /// What ranks said of the last step, by rank; nothing where there is one alone.
  std::span<const StepNote> notes() const { return notes_; }
  /// Waits, and reads what was added up since `set_totals`.
  StepTotals totals();
  void set_totals(const StepTotals& totals);

 private:
  enum class Kind { update };

  Pass begin(std::int64_t step, std::int64_t index);
  void pass();
  void compute_pass();
  void after_pass(std::int64_t index);
  void fold_running();
  void keep_record(std::int64_t index);
  void exchange(double seconds);
  void fold_record(std::int64_t index);
  void update();

  Context& context_;
  Task& task_;
  Ranks& ranks_;
  std::int64_t passes_;  ///< with a gradient each
  PassRange share_;      ///< of them, of this rank
  std::size_t sums_;
  GradientTree tree_;
  std::optional<Evolution> evolution_;
  std::optional<StepExchange> exchange_;  ///< with several ranks; a population has its own
  std::vector<double> counts_;            ///< of this rank's passes
  std::string stop_reason_;
  std::vector<StepNote> notes_;
  Tensor stats_, row_;           ///< of all steps; of a pass
  std::vector<Tensor> running_;  ///< running statistics after the passes so far, with more than one pass a step
  RepeatedWork<PassShape, std::monostate> pass_work_;
  RepeatedWork<std::int64_t, std::monostate> sum_work_;
  RepeatedWork<Kind, std::monostate> update_work_;
};

}  // namespace srwm
