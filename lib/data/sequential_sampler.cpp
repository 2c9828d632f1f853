#include "data/sequential_sampler.h"

#include <algorithm>

namespace srwm {
namespace {

/// The "step" of the random numbers that order and lengths come from; those below draw the segments of a task each.
constexpr std::uint32_t batch_draws = SequentialSampler::tasks;

EpisodeOptions segment_options(EpisodeOptions options, bool rotations) {
  options.protocol = Protocol::delayed;
  options.rotations = rotations;
  return options;
}

/// Moves an element of every vector of the batch to an earlier position.
void move_position(EpisodeBatch& batch, std::int64_t from, std::int64_t to) {
  const auto source = static_cast<std::size_t>(from), target = static_cast<std::size_t>(to);
  batch.image[target] = batch.image[source];
  batch.rotation[target] = batch.rotation[source];
  batch.task[target] = batch.task[source];
  batch.target[target] = batch.target[source];
}

}  // namespace

SequentialSampler::SequentialSampler(const ClassSplit& first, const ClassSplit& second, const EpisodeOptions& options,
                                     std::uint64_t seed, Stream stream)
    : options_(options),
      seed_(seed),
      stream_(stream),
      samplers_{EpisodeSampler(first, segment_options(options, options.rotations), seed, stream),
                EpisodeSampler(second, segment_options(options, options.second_rotations), seed, stream)} {}

void SequentialSampler::sample_for_training(std::int64_t first_episode, std::int64_t episodes,
                                            EpisodeBatch& batch) const {
  RandomSequence random(seed_, stream_, batch_draws, static_cast<std::uint64_t>(first_episode) << 32);
  const std::size_t first_task = random.below(tasks);
  Kept kept;
  for (std::int64_t& length : kept) {
    length = segment() - random.below(static_cast<std::uint32_t>(options_.max_trim + 1));
  }
  draw(first_episode, episodes, false, first_task, batch);
  trim(kept, batch);
  feed_delayed(batch);
}

void SequentialSampler::sample_for_evaluation(std::int64_t first_episode, std::int64_t episodes,
                                              EpisodeBatch& batch) const {
  draw(first_episode, episodes, true, static_cast<std::size_t>(first_episode % 2), batch);
  feed_delayed(batch);
}

/// Whole segments; with `alternate` the tasks change places from one episode to the next.
void SequentialSampler::draw(std::int64_t first_episode, std::int64_t episodes, bool alternate, std::size_t first_task,
                             EpisodeBatch& batch) const {
  batch.queries = batch.future = 0;
  batch.resize(episodes, 2 * segment());
  for (std::int64_t episode = 0; episode < episodes; ++episode) {
    const std::size_t swapped = alternate ? static_cast<std::size_t>(episode % 2) : 0;
    for (std::size_t place = 0; place < tasks; ++place) {
      const std::size_t task = (first_task + swapped + place) % tasks;
      const std::int64_t begin = episode * batch.length + static_cast<std::int64_t>(place) * segment();
      samplers_[task].sample_segment(static_cast<std::uint32_t>(task), first_episode + episode, begin, segment(),
                                     batch);
      std::fill_n(batch.task.begin() + begin, segment(), static_cast<std::uint8_t>(task));
    }
  }
}

/// Keeps the beginnings of the segments, and closes up the batch.
void SequentialSampler::trim(const Kept& kept, EpisodeBatch& batch) const {
  std::int64_t to = 0;
  for (std::int64_t part = 0; part < 2 * batch.batch; ++part) {
    const std::int64_t from = part * segment();
    for (std::int64_t t = 0; t < kept[static_cast<std::size_t>(part % 2)]; ++t) move_position(batch, from + t, to++);
  }
  batch.resize(batch.batch, kept[0] + kept[1]);
}

}  // namespace srwm
