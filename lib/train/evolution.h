// Evolution strategies: the gradient of an optimizer step from losses alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/pass_tree.h"
#include "comm/ranks.h"
#include "spec/spec.h"
#include "train/step_exchange.h"
#include "train/task.h"

namespace srwm {

/// The noise of one optimizer step: element i of pair p is a standard normal that depends on seed, step, p and i alone,
/// so whoever needs it draws it again.
class NumberedNoise {
 public:
  NumberedNoise(std::uint64_t seed, std::int64_t step);
  /// Elements first .. first + size - 1 of a pair; `first` is a multiple of 4.
  void draw(std::int64_t pair, std::int64_t first, std::span<double> elements) const;

 private:
  RandomStep random_;
};

/// Losses of the two members of a pair.
struct PairLoss {
  double plus = 0, minus = 0;  ///< at theta + sigma eps and theta - sigma eps
};

/// g_j = sum over the pairs i of eps_ij (plus_i - minus_i) / (2 sigma P), P = losses.size(), for j = first .. first +
/// size - 1 (a multiple of 4): added up in double in the order of the pairs.
void evolution_gradient(const NumberedNoise& noise, std::span<const PairLoss> losses, double sigma, std::int64_t first,
                        std::span<double> gradient);

/// A member of a population whose loss is not finite.
struct BadMember {
  std::int64_t step = 0, pair = 0;  ///< from 0
  bool is_plus = true;
};

/// Antithetic evolution strategies (Salimans et al., arXiv 1703.03864) as in VSML (arXiv 2012.14905), without shaping
/// or baseline: pair i of a step stages pass number step * population + i and evaluates its loss at theta + sigma eps_i
/// and theta - sigma eps_i, with the same data and the same random numbers. Only the losses enter the gradient, so the
/// bits depend neither on threads nor on how pairs are shared out. Batch statistics of members do not enter the running
/// ones, which move once a step: by theta on the data of pair 0.
///
/// A rank evaluates the pairs of its share; two losses a pair, and what else is counted, go to all ranks. Each rank
/// then forms the estimate for its slice of the parameters, and the slices are sent around.
class Evolution {
 public:
  Evolution(Context& context, Task& task, const EvolutionOptions& options, std::uint64_t seed,
            Ranks& ranks = no_other_ranks());

  std::int64_t pairs() const { return options_.population; }
  /// Leaves the gradient in the slots of the parameters, which are as before; adds the mean loss and sums of both
  /// members of each pair to `stats` (ops/update.h), as those of a pass. `stop_reason` goes to the other ranks.
  void run(std::int64_t step, const Tensor& stats, const std::string& stop_reason = {});
  /// What ranks said of the last step, by rank; nothing where there is one alone.
  std::span<const StepNote> notes() const { return notes_; }
  /// The first one of all steps so far; the losses of its step are not finite, and the optimizer refuses it.
  const std::optional<BadMember>& bad_member() const { return bad_member_; }

 private:
  /// What a parameter is outside the population.
  struct Center {
    Tensor value;            ///< on the host
    std::int64_t begin = 0;  ///< of its elements among all
  };

  /// What a pair leaves: the losses of its members, its row of numbers, its counts.
  struct Record {
    std::span<double> losses, row, counts;
  };

  void remember_center();
  void restore_center();
  void move_running_statistics(std::int64_t step);
  void evaluate_one_by_one(std::int64_t step, const NumberedNoise& noise);
  void evaluate_together(std::int64_t step, const NumberedNoise& noise);
  std::size_t record_size() const { return 2 + (1 + sums_) + task_.counts(); }
  Record record(std::int64_t pair);
  void exchange_records(const StepNote& note);
  void exchange_running_statistics();
  void take_records(std::int64_t step, const Tensor& stats);
  void make_members(const NumberedNoise& noise, std::int64_t pair, std::int64_t row);
  template <typename Real>
  void make_members_of(const NumberedNoise& noise, std::int64_t pair, Real* plus, Real* minus) const;
  void set_parameters(std::int64_t row);
  MemberOutcome on_host(const MemberOutcome& outcome);
  void note(std::int64_t pair, bool is_plus, const MemberOutcome& outcome, std::int64_t index);
  void note_bad_member(std::int64_t step, std::int64_t pair, const PairLoss& losses);
  void compute_gradient(const NumberedNoise& noise, std::int64_t first, std::int64_t last);
  void spread_gradient();
  Pass pass(std::int64_t step, std::int64_t pair) const;

  Context& context_;
  Task& task_;
  EvolutionOptions options_;
  std::uint64_t seed_;
  Ranks& ranks_;
  PassRange share_;  ///< the pairs of this rank
  std::size_t sums_;
  std::int64_t count_ = 0;         ///< of all parameters
  std::vector<Center> centers_;    ///< one for each parameter
  std::vector<Tensor> running_;    ///< running statistics of the step
  Tensor members_;                 ///< [2 pairs at once, count], on the host
  Tensor device_members_;          ///< the same for tasks that take several pairs
  Tensor gradient_;                ///< of all parameters, on the host
  Tensor rows_;                    ///< f64 [population, 1 + sums], on the device
  std::vector<double> host_rows_;  ///< the same on the host
  std::vector<double> records_;    ///< of all pairs, record_size() each
  std::vector<PairLoss> losses_;
  std::vector<StepNote> notes_;
  std::vector<Pass> passes_;
  std::optional<BadMember> bad_member_;
};

}  // namespace srwm
