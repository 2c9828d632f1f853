#include "tasks/vsml/data.h"

#include <algorithm>

#include "core/error.h"

namespace srwm {
namespace {

std::vector<std::string> names_in(const VsmlSpec& spec) {
  std::vector<std::string> names;
  const auto add = [&](const StreamSpec& streams) {
    for (const std::string& name : streams.datasets) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  };
  if (spec.learns_streams()) add(spec.data);
  add(spec.validation.streams);
  if (spec.test.episodes > 0) add(spec.test.streams);
  return names;
}

/// Makes room for the batch's episodes; keeps what it has where that fits.
void make_room(OnlineBatch& batch, const EpisodeLength& length) {
  const std::int64_t sequences = std::ssize(batch.ids) * length.streams;
  const Shape x{sequences, length.images, batch.shape.inputs}, labels{sequences, length.images};
  batch.streams = length.streams;
  if (batch.x.absent() || batch.x.shape() != x) batch.x = Tensor::owning(x, DType::f32);
  if (batch.labels.absent() || batch.labels.shape() != labels) batch.labels = Tensor::owning(labels, DType::i32);
}

}  // namespace

std::span<const float> OnlineBatch::inputs_of(std::int64_t episode) const {
  const auto size = static_cast<std::size_t>(streams * length() * shape.inputs);
  return x.span<float>().subspan(static_cast<std::size_t>(episode) * size, size);
}

std::span<const std::int32_t> OnlineBatch::labels_of(std::int64_t episode) const {
  const auto size = static_cast<std::size_t>(streams * length());
  return labels.span<std::int32_t>().subspan(static_cast<std::size_t>(episode) * size, size);
}

void draw_batches(OnlineStream& stream, std::span<const std::int64_t> numbers, const EpisodeLength& length, int threads,
                  std::vector<OnlineBatch>& batches) {
  std::size_t used = 0;
  for (const std::int64_t number : numbers) {
    const EpisodeId id{.task = stream.tasks() > 0 ? number % stream.tasks() : 0, .number = number};
    const EpisodeShape shape = stream.shape(id);
    std::size_t at = 0;
    while (at < used && batches[at].shape != shape) ++at;
    if (at == used) {
      if (++used > batches.size()) batches.emplace_back();
      batches[at].ids.clear();
      batches[at].shape = shape;
    }
    batches[at].ids.push_back(id);
  }
  batches.resize(used);
  for (OnlineBatch& batch : batches) {
    make_room(batch, length);
    const std::int64_t episodes = batch.episodes(), images = length.streams * length.images;
    stream.draw(batch.ids, threads, batch.x.reshaped({episodes, images, batch.shape.inputs}),
                batch.labels.reshaped({episodes, images}));
  }
}

VsmlData::VsmlData(const VsmlSpec& spec, const std::string& data_dir, int threads)
    : data_(names_in(spec), spec.data.glyphs, data_dir, threads) {}

std::unique_ptr<OnlineStream> VsmlData::training(const VsmlSpec& spec) const {
  return stream(spec, online_options(spec, spec.data, "data"), Split::train, spec.seed);
}

EpisodeShape VsmlData::training_shape(const VsmlSpec& spec) const {
  return spec.learns_streams() ? training(spec)->shape({}) : EpisodeShape();
}

std::unique_ptr<OnlineStream> VsmlData::evaluation(const VsmlSpec& spec, const StreamTestSpec& test,
                                                   std::string_view group, const std::string& dataset, Split split,
                                                   std::uint64_t seed) const {
  OnlineOptions options = online_options(spec, test.streams, group);
  options.datasets = {dataset};
  return stream(spec, options, split, seed);
}

std::unique_ptr<OnlineStream> VsmlData::stream(const VsmlSpec& spec, const OnlineOptions& options, Split split,
                                               std::uint64_t seed) const {
  if (spec.episode.kind == EpisodeKind::stream) return make_online_stream(data_, options, split, seed);
  return make_few_shot_stream(data_,
                              {.dataset = options.datasets.front(),
                               .normalize = options.normalize,
                               .n_way = spec.episode.n_way,
                               .label_order = spec.episode.label_order},
                              split, seed);
}

namespace {

EpisodeLength length_of(const VsmlSpec& spec, std::int64_t images) {
  if (spec.episode.kind == EpisodeKind::few_shot) return {.images = spec.episode.n_way + 1};
  return {.images = images, .streams = spec.streams()};
}

}  // namespace

EpisodeLength training_length(const VsmlSpec& spec) {
  return length_of(spec, spec.episode.length);
}

EpisodeLength evaluation_length(const VsmlSpec& spec, const StreamTestSpec& test) {
  return length_of(spec, test.length);
}

}  // namespace srwm
