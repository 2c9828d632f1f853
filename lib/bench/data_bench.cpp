#include "bench/data_bench.h"

#include "fewshot/learner.h"

namespace srwm {

std::vector<BenchResult> bench_data(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds) {
  const EpisodeSource& source = data.training();
  EpisodeBatch batch;
  std::int64_t drawn = 0;
  const Timing drawing =
      time_repeatedly(seconds / 3, [&] { source.batch(drawn++ * spec.train.batch, spec.train.batch, batch); });

  FewShotLearner learner(context, spec, data.image_shape());
  const Timing staging = time_repeatedly(seconds / 3, [&] {
    learner.stage(context, batch, source.pool());
    context.queue().synchronize();
  });
  const StagedBatch staged = learner.stage(context, batch, source.pool());
  const Timing gathering = time_on_device(context, seconds / 3, [&] { gather_images(context, staged); });

  const auto images = static_cast<double>(batch.positions());
  const Tensor& out = staged.input.images;
  const double bytes = static_cast<double>(out.bytes()) + static_cast<double>(out.numel());
  return {{.name = "drawing episodes", .timing = drawing, .items = images, .item = "images"},
          {.name = "staging on the device", .timing = staging, .items = images, .item = "images"},
          {.name = "gathering images", .timing = gathering, .bytes = bytes, .items = images, .item = "images"}};
}

}  // namespace srwm
