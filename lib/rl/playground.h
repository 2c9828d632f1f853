// The playing half of training: environments, actors and the unrolls they leave.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "rl/actor.h"
#include "rl/agent_lock.h"
#include "rl/unroll_queue.h"
#include "run/checkpoint.h"

namespace srwm {

/// What playing brought and cost since the last report.
struct PlayReport {
  explicit PlayReport(std::size_t games) : episodes(games) {}
  EpisodeFigures episodes;
  ActorTimes times;
};

/// The environments of the spec's actors; errors of VectorEnv.
std::vector<std::unique_ptr<EnvGroup>> make_groups(Context& context, const RlSpec& spec,
                                                   const std::shared_ptr<const EnvLibrary>& library);

/// Gives out batches of unrolls. Synchronous: a batch that is asked for is played then, by the caller's thread, with
/// the agent as it is. Overlapped: two threads play, each with one half of the environments and a context of its own,
/// and keep two unrolls ahead at most.
class Playground {
 public:
  using Groups = std::vector<std::unique_ptr<EnvGroup>>;

  /// `groups`: one if playing is synchronous, else two halves (make_groups).
  Playground(Context& context, const Agent& agent, const RlSpec& spec, Groups groups);
  ~Playground();
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  /// The next batch, valid until `done`. An error of an actor's thread leaves here; the first one, if several fail.
  UnrollRows batch();
  /// Mean number of updates between the choice of its actions and now, over the rows of the batch.
  double lag() const;
  void done();
  /// The agent is changed by `work` while nobody acts; `number` updates are done then.
  template <typename Work>
  void change_agent(std::int64_t number, const Work& work) {
    agent_lock_.write(work);
    updates_ = number;
  }

  /// Adds what came since the last call.
  void collect(PlayReport& report);

  /// Whether going on from a checkpoint is exact.
  bool saves_state() const { return saves_state_; }
  void save(Context& context, Checkpoint& checkpoint);
  /// Whether the checkpoint had a state to go on from; else new episodes begin.
  bool restore(Context& context, const Checkpoint& checkpoint);

 private:
  /// A group with all that belongs to it.
  struct Side;

  bool play(Side& side);
  void play_in_thread(Side& side);
  void start_threads();
  void close();
  void save_waiting(Context& context, Side& side, const StateWriter& state);
  void restore_waiting(Context& context, Side& side, const StateReader& state);

  Context& context_;  ///< the learner's
  bool overlapped_, saves_state_;
  std::int64_t batch_size_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::size_t next_side_ = 0;  ///< whose batch comes next
  std::int64_t row_ = 0;       ///< where the batch that is being read begins
  AgentLock agent_lock_;
  std::atomic<std::int64_t> updates_ = 0;
  std::mutex mutex_;  ///< of what threads report
  std::exception_ptr error_;
};

}  // namespace srwm
