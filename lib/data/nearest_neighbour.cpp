#include "data/nearest_neighbour.h"

#include <algorithm>
#include <limits>

#include "core/parallel.h"

namespace srwm {
namespace {

std::int64_t square_distance(const std::uint8_t* a, const std::uint8_t* b, std::int64_t pixels) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < pixels; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// Whether the last position of an episode gets its label from the nearest of the others.
bool nearest_is_right(const Tensor& images, const EpisodeBatch& batch, std::int64_t episode) {
  const std::int64_t pixels = images.numel() / images.dim(0);
  const auto first = static_cast<std::size_t>(episode * batch.length),
             query = first + static_cast<std::size_t>(batch.length) - 1;
  const auto image = [&](std::size_t position) { return images.data<std::uint8_t>() + batch.image[position] * pixels; };
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  std::int32_t label = -1;
  for (std::size_t position = first; position < query; ++position) {
    const std::int64_t distance = square_distance(image(position), image(query), pixels);
    if (distance >= smallest) continue;
    smallest = distance;
    label = batch.label_in[position];
  }
  return label == batch.target[query];
}

}  // namespace

double pixel_nearest_neighbour(const ClassSplit& split, std::int64_t n_way, std::int64_t k_shot, std::int64_t episodes,
                               std::uint64_t seed, int threads) {
  EpisodeOptions options;
  options.n_way = n_way;
  options.k_shot = k_shot;
  EpisodeBatch batch;
  EpisodeSampler(split, options, seed, Stream::test_episodes).sample(0, episodes, batch);
  std::vector<std::uint8_t> right(static_cast<std::size_t>(episodes));
  parallel_for(threads, episodes, [&](std::int64_t episode) {
    right[static_cast<std::size_t>(episode)] = nearest_is_right(split.images, batch, episode) ? 1 : 0;
  });
  return static_cast<double>(std::count(right.begin(), right.end(), 1)) / static_cast<double>(episodes);
}

}  // namespace srwm
