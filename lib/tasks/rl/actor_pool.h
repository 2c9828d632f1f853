// The playing half of training: environments, actors and the unrolls they leave.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "comm/pass_tree.h"
#include "run/state.h"
#include "tasks/rl/actor.h"
#include "tasks/rl/agent_lock.h"
#include "tasks/rl/unroll_queue.h"
#include "train/task.h"

namespace srwm {

/// What playing brought and cost since the last report.
struct PlayReport {
  explicit PlayReport(std::size_t games) : episodes(games) {}
  EpisodeFigures episodes;
  ActorTimes times;
};

/// Gives out batches of unrolls. The environments fall into train.accumulate groups, one for each pass of an update.
/// Synchronous: the batches of an update are played when they are asked for, by the caller's thread, with the agent as
/// it is. Overlapped: each group has two halves, each of which a thread plays with a context of its own; the halves
/// give batches by turns and keep two unrolls ahead at most.
class ActorPool {
 public:
  /// The environments of a group, or of half of one, with its number among those of all ranks.
  struct Group {
    std::int64_t number;
    std::unique_ptr<EnvGroup> envs;
  };
  using Groups = std::vector<Group>;
  /// The environments of the spec's actors that play for the passes of `share`; errors of VectorEnv.
  static Groups make_groups(Context& context, const RlSpec& spec, const std::shared_ptr<const EnvLibrary>& library,
                            const PassRange& share);

  /// `groups`: those of make_groups.
  ActorPool(Context& context, const Agent& agent, const RlSpec& spec, Groups groups);
  ~ActorPool();
  ActorPool(const ActorPool&) = delete;
  ActorPool& operator=(const ActorPool&) = delete;

  /// Plays or waits until the batches of `passes`, counted over the whole run, are there. False if `keep_going` ended
  /// it before; nothing is lost then. An error of an actor's thread leaves here; the first one, if several fail.
  bool prepare(const PassRange& passes, const KeepGoing& keep_going);
  /// The batch of a prepared pass, valid until `done`.
  UnrollRows batch(std::int64_t pass) const;
  /// Tells apart the memory of batches: of two passes with one value it is the same.
  std::int64_t place(std::int64_t pass) const;
  /// Mean number of updates between the choice of its actions and now, over the rows of a batch.
  double lag(std::int64_t pass) const;
  void done(std::int64_t pass);
  /// `work` changes the agent while nobody acts, and has arrived on the device before anybody does; `updates` are done
  /// then.
  void change_agent(const std::function<void()>& work, const std::function<std::int64_t()>& updates);

  /// Adds what the actors that play for a pass, and for that of the same index in other steps, have reported since the
  /// last call for it.
  void collect(std::int64_t pass, PlayReport& report);

  /// Whether continuing from a checkpoint is exact.
  bool saves_state() const { return saves_state_; }
  void save(Context& context, const StateWriter& state);
  /// Whether the checkpoint had a state to continue from; else new episodes begin. `counters`: of the checkpoint, where
  /// format 1 has the numbers.
  bool restore(Context& context, const StateReader& state, const std::map<std::string, std::int64_t>& counters);

 private:
  /// A group, or half of one, with all that belongs to it.
  struct Side;

  Side& side_of(std::int64_t pass) const;
  bool play(Side& side);
  void play_in_thread(Side& side);
  void start_threads();
  void close();
  [[noreturn]] void throw_actors_error();
  static void save_side(Context& context, Side& side, const StateWriter& state);
  static void restore_side(Context& context, Side& side, const StateReader& state,
                           const std::map<std::string, std::int64_t>& counters);

  Context& context_;  ///< the learner's
  bool overlapped_, saves_state_;
  std::int64_t passes_, groups_;  ///< of a step, and groups or halves of groups, of all ranks
  std::int64_t batch_size_;
  std::vector<std::unique_ptr<Side>> sides_;  ///< of this rank
  AgentLock agent_lock_;
  std::atomic<std::int64_t> updates_ = 0;
  std::mutex mutex_;  ///< of what threads report
  std::exception_ptr error_;
};

}  // namespace srwm
