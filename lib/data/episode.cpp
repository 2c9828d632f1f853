#include "data/episode.h"

namespace srwm {

void EpisodeBatch::resize(std::int64_t new_batch, std::int64_t new_length) {
  batch = new_batch;
  length = new_length;
  const auto count = static_cast<std::size_t>(positions());
  image.resize(count);
  rotation.resize(count);
  label_in.resize(count);
  target.resize(count);
}

}  // namespace srwm
