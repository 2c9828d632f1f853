// Where what the actors saw and did waits on the device until it is learned from.
#pragma once

#include <cstdint>
#include <vector>

#include "env/vector_env.h"
#include "ops/context.h"
#include "tasks/rl/agent.h"

namespace srwm {

/// B unrolls of T steps, batch first. Step T is the first one of the row's continuation: it is there to bootstrap.
struct UnrollRows {
  Tensor frames;     ///< u8 [B, T + 1, H, W, C]
  Tensor rewards;    ///< f32 [B, T + 1], of the action before
  Tensor is_first;   ///< u8 [B, T + 1]
  Tensor actions;    ///< i32 [B, T + 1], the last one is not used
  Tensor log_probs;  ///< f32 [B, T + 1], of the actions when they were chosen
  CoreState state;   ///< of the agent before step 0, tensors [B, ...]; empty where nothing is carried
};

/// A ring of rows. Actors write whole groups of rows at its head, the learner reads batches at its tail. Its size is a
/// multiple of both, so that each is contiguous: a batch is taken without a copy.
class UnrollRing {
 public:
  /// `group`, `batch`: rows written and read at once. There is room for `groups` groups at least beside a batch that is
  /// being read.
  UnrollRing(Context& context, const Agent& agent, FrameShape frame, std::int64_t unroll, std::int64_t group,
             std::int64_t batch, std::int64_t groups);

  /// The rows that such a ring has.
  static std::int64_t rows_for(std::int64_t group, std::int64_t batch, std::int64_t groups);
  /// Bytes that a row of `unroll` steps takes.
  static double row_bytes(const Agent& agent, FrameShape frame, std::int64_t unroll);

  std::int64_t rows() const { return rows_; }
  std::int64_t unroll() const { return unroll_; }
  std::int64_t group() const { return group_; }
  std::int64_t batch() const { return batch_; }

  /// Rows number `begin` to `begin` + count, counted over the whole run; they must not wrap around.
  UnrollRows at(std::int64_t begin, std::int64_t count) const;
  /// The learner's update number at the time when row number `row` was begun, to tell its lag.
  std::int64_t& version(std::int64_t row) { return versions_[static_cast<std::size_t>(row % rows_)]; }

  /// The whole ring, for checkpoints: frames, rewards, first, actions, log_probs, then the state; first axis rows().
  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  std::int64_t rows_, unroll_, group_, batch_;
  std::vector<Tensor> tensors_;
  std::vector<std::int64_t> versions_;
};

}  // namespace srwm
