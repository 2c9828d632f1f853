#include "data/episode.h"

namespace srwm {

void EpisodeBatch::resize(std::int64_t new_batch, std::int64_t new_length) {
  batch = new_batch;
  length = new_length;
  const auto count = static_cast<std::size_t>(positions());
  task.resize(count);
  image.resize(count);
  rotation.resize(count);
  label_in.resize(count);
  target.resize(count);
}

void feed_delayed(EpisodeBatch& batch) {
  for (std::int64_t p = 0; p < batch.positions(); ++p) {
    const auto i = static_cast<std::size_t>(p);
    batch.label_in[i] = p % batch.length == 0 ? 0 : batch.target[i - 1];
  }
}

}  // namespace srwm
