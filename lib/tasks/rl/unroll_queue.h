// Who may write to a ring of unrolls, and who may read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "tasks/rl/unrolls.h"

namespace srwm {

/// A bounded queue between one actor, which writes a ring's rows group by group, and the learner, which reads them
/// batch by batch. Once it is closed, nobody waits any more.
class UnrollQueue {
 public:
  explicit UnrollQueue(const UnrollRing& ring) : rows_(ring.rows()), group_(ring.group()), batch_(ring.batch()) {}

  /// Waits until a group can be written; the number of its first row, none once closed.
  std::optional<std::int64_t> room();
  /// The group at the row that `room` gave is there.
  void written();

  enum class Wait { arrived, closed, ended };
  /// Waits for a batch, which begins at row tail(). `keep_going` is asked ten times a second and may end the wait.
  Wait wait_for_batch(const std::function<bool()>& keep_going);
  /// The batch is done with, and its rows may be written again.
  void read();
  /// Whether `wait_for_batch` would return at once.
  bool has_batch() const;

  void close();

  // Rows written and read over the whole run; for checkpoints, while nobody waits.
  std::int64_t head() const { return head_; }
  std::int64_t tail() const { return tail_; }
  void continue_from(std::int64_t head, std::int64_t tail);

 private:
  std::int64_t rows_, group_, batch_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t head_ = 0, tail_ = 0;
  bool closed_ = false;
};

}  // namespace srwm
