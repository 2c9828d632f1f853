// One record for every few-shot protocol: a trainer feeds positions and knows no protocol.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace srwm {

/// sync: support images each with its label, then query images without; loss on the queries.
/// delayed: the label of an image is fed with the next one; loss on every position.
enum class Protocol { sync, delayed };
inline constexpr Protocol all_protocols[] = {Protocol::sync, Protocol::delayed};

/// As in specs and episode files: "sync", "delayed".
constexpr std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::sync:
      return "sync";
    case Protocol::delayed:
      return "delayed";
  }
  return "?";
}

/// A batch of B episodes. Position p = b * length + t. With `queries` = Q > 0 the first length - Q positions are the
/// support sequence, and each of the last Q is a branch of its own that starts from the state after the support;
/// with Q = 0 the whole is one sequence.
struct EpisodeBatch {
  std::int64_t batch = 0;
  std::int64_t length = 0;             ///< positions per episode, T
  std::int64_t queries = 0;            ///< branches at the end of each episode
  std::vector<std::int32_t> image;     ///< [B T] index into the images of the source
  std::vector<std::uint8_t> rotation;  ///< [B T] quarter turns counter-clockwise, 0..3
  std::vector<std::int32_t> label_in;  ///< [B T] class slot whose one-hot vector is fed with the image
  std::vector<std::int32_t> target;    ///< [B T] class slot to predict, or -1: no loss here

  std::int64_t positions() const { return batch * length; }
  /// Gives all vectors the size batch * length; their capacity is kept, so a loop over batches stops allocating.
  void resize(std::int64_t new_batch, std::int64_t new_length);
};

struct EpisodeOptions {
  Protocol protocol = Protocol::sync;
  std::int64_t n_way = 5;
  std::int64_t k_shot = 1;
  std::int64_t queries = 1;     ///< sync: query images per episode, of classes drawn at random; the papers use 1
  bool rotations = false;       ///< quarter turns of a class count as classes of their own (Omniglot)
  std::int64_t first_ways = 0;  ///< training only: classes per episode at step 0, growing linearly to n_way at step
  std::int64_t ways_steps = 0;  ///< `ways_steps`; 0: always n_way
};

}  // namespace srwm
