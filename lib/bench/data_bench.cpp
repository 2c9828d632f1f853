#include "bench/data_bench.h"

#include "data/sampler.h"

namespace srwm {

std::vector<BenchResult> bench_data(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds) {
  const EpisodeSource& source = data.training();
  const ImagePool& pool = source.pool();
  EpisodeBatch batch;
  std::int64_t step = 0;
  const Timing drawing =
      time_repeatedly(seconds / 2, [&] { source.batch(step++ * spec.train.batch, spec.train.batch, batch); });

  const ImageShape image = pool.shape();
  context.rewind();
  const Tensor out = context.empty({batch.positions(), image.height, image.width, image.channels});
  const Timing gathering = time_repeatedly(
      seconds / 2, [&] { gather_images(pool.images, batch, pool.mean, pool.std, context.threads(), out); });

  const auto images = static_cast<double>(batch.positions());
  const double bytes = static_cast<double>(out.bytes()) + static_cast<double>(out.numel());
  return {{.name = "drawing episodes", .timing = drawing, .items = images, .item = "images"},
          {.name = "gathering images", .timing = gathering, .bytes = bytes, .items = images, .item = "images"}};
}

}  // namespace srwm
