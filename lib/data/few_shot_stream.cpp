#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "data/online_stream.h"
#include "data/sampler.h"
#include "data/standardize.h"

namespace srwm {
namespace {

/// Renumbers labels by the order in which they first occur.
void number_by_appearance(std::span<std::int32_t> labels) {
  std::array<std::int32_t, max_ways> number;
  number.fill(-1);
  std::int32_t seen = 0;
  for (std::int32_t& label : labels) {
    std::int32_t& of_label = number[static_cast<std::size_t>(label)];
    if (of_label < 0) of_label = seen++;
    label = of_label;
  }
}

class FewShotStream final : public OnlineStream {
 public:
  FewShotStream(const ClassDataset& dataset, const FewShotStreamOptions& options, Split split, std::uint64_t seed)
      : dataset_(dataset),
        split_(dataset.split(drawn_split(dataset, split))),
        options_(options),
        sampler_(split_, {.protocol = Protocol::sync, .n_way = options.n_way, .k_shot = 1}, seed,
                 episode_stream(split)) {}

  std::int64_t tasks() const override { return 0; }
  EpisodeShape shape(const EpisodeId&) const override {
    return {dataset_.height() * dataset_.width() * dataset_.channels(), options_.n_way};
  }

  void draw(std::span<const EpisodeId> episodes, int threads, const Tensor& x, const Tensor& labels) override {
    const std::int64_t count = std::ssize(episodes), length = options_.n_way + 1;
    SRWM_CHECK((x.shape() == Shape{count, length, shape({}).inputs}), "x is {}", x.shape().to_string());
    SRWM_CHECK((labels.shape() == Shape{count, length}), "labels are {}", labels.shape().to_string());
    batch_.queries = 1;
    batch_.resize(count, length);
    for (std::int64_t i = 0; i < count; ++i) {
      sampler_.sample_segment(0, episodes[static_cast<std::size_t>(i)].number, i * length, length, batch_);
      write_labels(i * length, labels.span<std::int32_t>().subspan(static_cast<std::size_t>(i * length),
                                                                   static_cast<std::size_t>(length)));
    }
    read_images(threads, x);
  }

 private:
  void write_labels(std::int64_t first, std::span<std::int32_t> labels) const {
    const auto begin = static_cast<std::size_t>(first);
    for (std::size_t t = 0; t < labels.size(); ++t) {
      const std::int32_t target = batch_.target[begin + t];
      labels[t] = target >= 0 ? target : batch_.label_in[begin + t];
    }
    if (options_.label_order == LabelOrder::appearance) number_by_appearance(labels);
  }

  void read_images(int threads, const Tensor& x) const {
    static const std::vector<double> none;
    const bool by_dataset = options_.normalize == Normalize::dataset;
    const Tensor images = x.reshaped({batch_.positions(), dataset_.height(), dataset_.width(), dataset_.channels()});
    gather_images(split_.images, batch_, by_dataset ? dataset_.mean : none, by_dataset ? dataset_.std : none, threads,
                  images);
    if (options_.normalize != Normalize::image) return;
    const std::int64_t inputs = x.dim(2);
    parallel_for(threads, batch_.positions(), [&](std::int64_t p) {
      standardize({x.data<float>() + p * inputs, static_cast<std::size_t>(inputs)});
    });
  }

  const ClassDataset& dataset_;
  const ClassSplit& split_;
  FewShotStreamOptions options_;
  EpisodeSampler sampler_;
  EpisodeBatch batch_;
};

}  // namespace

std::unique_ptr<OnlineStream> make_few_shot_stream(const OnlineData& data, const FewShotStreamOptions& options,
                                                   Split split, std::uint64_t seed) {
  const ClassDataset& dataset = data.dataset(options.dataset);
  require_own_classes(dataset);
  return std::make_unique<FewShotStream>(dataset, options, split, seed);
}

}  // namespace srwm
