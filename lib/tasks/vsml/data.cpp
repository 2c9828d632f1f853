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
void make_room(OnlineBatch& batch, std::int64_t length) {
  const auto episodes = static_cast<std::int64_t>(batch.ids.size());
  const Shape x{episodes, length, batch.shape.inputs}, labels{episodes, length};
  if (batch.x.absent() || batch.x.shape() != x) batch.x = Tensor::owning(x, DType::f32);
  if (batch.labels.absent() || batch.labels.shape() != labels) batch.labels = Tensor::owning(labels, DType::i32);
}

}  // namespace

std::span<const float> OnlineBatch::inputs_of(std::int64_t episode) const {
  const auto size = static_cast<std::size_t>(length() * shape.inputs);
  return x.span<float>().subspan(static_cast<std::size_t>(episode) * size, size);
}

std::span<const std::int32_t> OnlineBatch::labels_of(std::int64_t episode) const {
  const auto size = static_cast<std::size_t>(length());
  return labels.span<std::int32_t>().subspan(static_cast<std::size_t>(episode) * size, size);
}

void draw_batches(OnlineStream& stream, std::span<const std::int64_t> numbers, std::int64_t length, int threads,
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
    stream.draw(batch.ids, threads, batch.x, batch.labels);
  }
}

VsmlData::VsmlData(const VsmlSpec& spec, const std::string& data_dir, int threads)
    : data_(names_in(spec), spec.data.glyphs, data_dir, threads) {}

std::unique_ptr<OnlineStream> VsmlData::training(const VsmlSpec& spec) const {
  return stream(spec, online_options(spec, spec.data, "data"), Split::train, spec.seed);
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

std::int64_t training_length(const VsmlSpec& spec) {
  return spec.episode.kind == EpisodeKind::stream ? spec.episode.length : spec.episode.n_way + 1;
}

std::int64_t evaluation_length(const VsmlSpec& spec, const StreamTestSpec& test) {
  return spec.episode.kind == EpisodeKind::stream ? test.length : spec.episode.n_way + 1;
}

}  // namespace srwm
