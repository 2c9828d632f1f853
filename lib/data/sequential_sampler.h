// Draws episodes in which two tasks follow each other.
#pragma once

#include <array>

#include "data/sampler.h"

namespace srwm {

/// Two delayed-label segments of n_way * k_shot images each, of one split each, joined to one sequence. The class slots
/// are shared: each segment has a permutation of its own. The label of the last image of the first segment is fed with
/// the first of the second. EpisodeBatch::task says which split an image is from.
class SequentialSampler {
 public:
  static constexpr std::size_t tasks = 2;

  /// options.rotations is for the first split, options.second_rotations for the second. SpecError as EpisodeSampler.
  /// The splits must outlive the sampler.
  SequentialSampler(const ClassSplit& first, const ClassSplit& second, const EpisodeOptions& options,
                    std::uint64_t seed, Stream stream);

  /// Training: a fair coin decides once for the batch which task comes first, and each segment loses its last 0 ..
  /// options.max_trim positions, as many in all episodes of the batch. An episode is a function of its number and of
  /// the number of the first in its batch.
  void sample_for_training(std::int64_t first_episode, std::int64_t episodes, EpisodeBatch& batch) const;
  /// Evaluation: nothing is trimmed; the first task comes first in episodes of even number.
  void sample_for_evaluation(std::int64_t first_episode, std::int64_t episodes, EpisodeBatch& batch) const;

 private:
  using Kept = std::array<std::int64_t, tasks>;

  std::int64_t segment() const { return options_.n_way * options_.k_shot; }
  void draw(std::int64_t first_episode, std::int64_t episodes, bool alternate, std::size_t first_task,
            EpisodeBatch& batch) const;
  void trim(const Kept& kept, EpisodeBatch& batch) const;

  EpisodeOptions options_;
  std::uint64_t seed_;
  Stream stream_;
  std::array<EpisodeSampler, tasks> samplers_;
};

}  // namespace srwm
