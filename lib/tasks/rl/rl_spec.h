// The spec of a reinforcement-learning experiment as typed values; defaults are the published settings of the SRWM
// agent on ProcGen. The keys are declared in tasks/rl/keys.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/precision.h"
#include "optim/options.h"
#include "spec/spec.h"
#include "tasks/rl/agent_options.h"

namespace srwm {

const SpecKeys& rl_keys();

struct EnvSpec {
  std::string library = "games";   ///< "games": built in; "procgen"; a folder or a shared library (env/env_library.h)
  std::vector<std::string> games;  ///< actor i plays games[i mod size]
  std::string mode;                ///< the library's distribution_mode; empty: its default
  std::vector<std::string> settings;  ///< "NAME=VALUE", the library's other options
  std::int64_t actors = 48;           ///< environments that play at once
  std::int64_t levels = 200;          ///< trained on; 0: all
  std::int64_t first_level = 0;
  std::int64_t threads = 0;  ///< of the library's own pool
};

/// Learning rate, and the optimizer's other options.
struct RlOptimSpec : RmsPropOptions {
  double rate = 6e-4;
  ScheduleKind schedule = ScheduleKind::linear_decay;
  std::int64_t warmup_steps = 5000;
  std::int64_t decay_steps = 100'000;
  double decay = 0.1;
};
inline constexpr ScheduleKind all_rl_schedule_kinds[] = {ScheduleKind::linear_decay,  ScheduleKind::constant,
                                                         ScheduleKind::linear_warmup, ScheduleKind::transformer_warmup,
                                                         ScheduleKind::cosine,        ScheduleKind::step};

struct LossSpec {
  double discount = 0.99;
  double baseline_cost = 0.5;
  double entropy_cost = 0.01;
  double reward_clip = 1;  ///< rewards count as at most so much either way; 0: as they are
  double rho_clip = 1, c_clip = 1, pg_rho_clip = 1;
};

enum class RlMode {
  synchronous,  ///< acting and learning in turn
  overlapped,   ///< at the same time
};
inline constexpr RlMode all_rl_modes[] = {RlMode::synchronous, RlMode::overlapped};

/// As in specs: "synchronous", "overlapped".
constexpr std::string_view name_of(RlMode mode) {
  return mode == RlMode::overlapped ? "overlapped" : "synchronous";
}

struct RlTrainSpec {
  std::int64_t steps = 300'000'000;  ///< of environments, all together
  std::int64_t unroll = 50;          ///< steps of one environment in a row of a batch
  std::int64_t batch = 32;           ///< rows of a pass
  std::int64_t accumulate = 1;       ///< passes per update, gradients summed
  RlMode mode = RlMode::synchronous;
  std::int64_t report_every = 100;  ///< updates
  Precision precision = Precision::fp32;

  std::int64_t steps_per_update() const { return unroll * batch * accumulate; }
  /// Updates until `steps` steps have been learned from.
  std::int64_t updates() const { return (steps + steps_per_update() - 1) / steps_per_update(); }
};

struct RlValidationSpec {
  std::int64_t every = 0;      ///< updates; 0: never
  std::int64_t patience = 0;   ///< validations without a new best one after which training ends; 0: it does not
  std::int64_t episodes = 20;  ///< of each game
  std::int64_t first_level = 500, levels = 200;
};

struct RlTestSpec {
  std::int64_t episodes = 200;                                  ///< of each game on each split; 0: no test
  std::int64_t envs = 20;                                       ///< of each game at a time; each plays episodes / envs
  std::int64_t levels = 200;                                    ///< in each test split
  std::vector<std::int64_t> first_levels = {1000, 1200, 1400};  ///< of test splits 1, 2, ...
};

/// A reinforcement-learning experiment.
struct RlSpec : AnySpec {
  std::unique_ptr<AnySpec> clone() const override { return std::make_unique<RlSpec>(*this); }
  LoopOptions loop() const override {
    LoopOptions loop = loop_of(*this);
    loop.patience = validation.patience;
    return loop;
  }
  const SpecKeys& keys() const override { return rl_keys(); }

  EnvSpec env;
  AgentOptions agent;
  RlOptimSpec optim;
  LossSpec loss;
  RlTrainSpec train;
  RlValidationSpec validation;
  CheckpointSpec checkpoint;  ///< `every` counts updates
  RlTestSpec test;
};

/// Levels to play on.
struct RlSplit {
  std::string name;  ///< "train", "test1", ...; in result.json too, where "test" is the mean over the test splits
  std::int64_t first_level = 0, levels = 0;
};

/// The section of the training levels in results of versions before 0.2; now it has the split's name, "train".
inline constexpr std::string_view old_train_section = "train_levels";

/// The name of the split that somebody calls `name`: "train" for "levels", "train_levels" and "training levels", as
/// older versions called it; else as it is.
std::string split_named(const std::string& name);

/// The levels trained on, then the test splits.
std::vector<RlSplit> splits_of(const RlSpec& spec);
/// Names of the games, at least one: "game" where the library has but one, without a name.
std::vector<std::string> game_names(const RlSpec& spec);

/// Halves of a group of environments, one of which acts while the other's steps are learned from.
std::int64_t halves(const RlSpec& spec);
/// Groups of unrolls that an actor may be ahead of the learner.
std::int64_t groups_ahead(const RlSpec& spec);

/// As parse_spec_of and load_spec_of in spec/parse.h.
RlSpec parse_rl_spec_text(std::string_view text, std::string_view origin, std::span<const std::string> overrides = {});
RlSpec load_rl_spec(const std::filesystem::path& path, std::span<const std::string> overrides = {});

}  // namespace srwm
