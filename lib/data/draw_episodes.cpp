// Drawn episodes as an episode file's content.
#include <algorithm>

#include "data/sampler.h"

namespace srwm {

EpisodeFile draw_episodes(const ClassSplit& split, const EpisodeOptions& options, std::uint64_t seed, Stream stream,
                          std::int64_t episodes, int threads) {
  const bool sync = options.protocol == Protocol::sync;
  SRWM_CHECK(!sync || options.queries == 1, "an episode file has one query per episode, not {}", options.queries);
  EpisodeBatch batch;
  EpisodeSampler(split, options, seed, stream).sample(0, episodes, batch);
  EpisodeFile file;
  file.protocol = options.protocol;
  file.n_way = options.n_way;
  file.k_shot = options.k_shot;
  file.labels = Tensor::owning({episodes, batch.length}, DType::i32);
  std::transform(batch.target.begin(), batch.target.end(), batch.label_in.begin(), file.labels.data<std::int32_t>(),
                 [](std::int32_t target, std::int32_t label_in) { return target >= 0 ? target : label_in; });
  file.images =
      Tensor::owning({batch.positions(), split.images.dim(1), split.images.dim(2), split.images.dim(3)}, DType::u8);
  gather_images(split.images, batch, {}, {}, threads, file.images);
  set_digest(file);
  return file;
}

}  // namespace srwm
