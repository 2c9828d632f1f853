// One record for every few-shot protocol: a trainer feeds positions and knows no protocol.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace srwm {

/// sync: support images each with its label, then query images without; loss on the queries.
/// delayed: the label of an image is fed with the next one; loss on every position.
/// sequential: two delayed tasks of two datasets, one after the other as one sequence.
enum class Protocol { sync, delayed, sequential };
inline constexpr Protocol all_protocols[] = {Protocol::sync, Protocol::delayed, Protocol::sequential};

/// As in specs and episode files: "sync", "delayed", "sequential".
constexpr std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::sync:
      return "sync";
    case Protocol::delayed:
      return "delayed";
    case Protocol::sequential:
      return "sequential";
  }
  return "?";
}

/// A batch of B episodes. Position p = b * length + t. With `queries` = Q > 0 the first length - Q positions are the
/// support sequence, and each of the last Q is a branch of its own that starts from the state after the support;
/// with Q = 0 the whole is one sequence. With `future` = F > 0 the last F positions of the support are set apart: the
/// queries are answered from the state before them and from the state after them (bootstrapped training).
struct EpisodeBatch {
  std::int64_t batch = 0;
  std::int64_t length = 0;             ///< positions per episode, T
  std::int64_t queries = 0;            ///< branches at the end of each episode
  std::int64_t future = 0;             ///< positions before them that are set apart
  std::vector<std::uint8_t> task;      ///< [B T] which of the source's image sets the image is from: 0, 1, ...
  std::vector<std::int32_t> image;     ///< [B T] index into that set
  std::vector<std::uint8_t> rotation;  ///< [B T] quarter turns counter-clockwise, 0..3
  std::vector<std::int32_t> label_in;  ///< [B T] class slot whose one-hot vector is fed with the image
  std::vector<std::int32_t> target;    ///< [B T] class slot to predict, or -1: no loss here

  std::int64_t positions() const { return batch * length; }
  /// Gives all vectors the size batch * length; their capacity is kept, so a loop over batches stops allocating.
  void resize(std::int64_t new_batch, std::int64_t new_length);
};

/// Fills in label_in for sequences whose every position has a target: the label of an image is fed with the next, class
/// 0 with the first.
void feed_delayed(EpisodeBatch& batch);

struct EpisodeOptions {
  Protocol protocol = Protocol::sync;
  std::int64_t n_way = 5;
  std::int64_t k_shot = 1;
  std::int64_t queries = 1;       ///< sync: query images per episode, of classes drawn at random; the papers use 1
  std::int64_t future_shots = 0;  ///< sync: so many more images of each class follow the support, set apart
  bool rotations = false;         ///< quarter turns of a class count as classes of their own (Omniglot)
  bool second_rotations = false;  ///< sequential: the same for the second dataset
  std::int64_t max_trim = 0;      ///< sequential, training only: most positions that a task loses at its end
  std::int64_t first_ways = 0;    ///< training only: classes per episode at step 0, growing linearly to n_way at step
  std::int64_t ways_steps = 0;    ///< `ways_steps`; 0: always n_way
};

}  // namespace srwm
