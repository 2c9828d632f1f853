#include "data/online_stream.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "core/memory.h"
#include "core/parallel.h"
#include "data/bilinear.h"
#include "data/random_order.h"
#include "data/standardize.h"
#include "data/task_variation.h"
#include "ops/cpu/gemm.h"

namespace srwm {
namespace {

/// SpecError unless a list of classes fits a dataset.
void check_list(const OnlineOptions& options, const OnlineSource& source, const std::vector<std::int64_t>& list) {
  if (list.empty()) throw SpecError("{}.classes has an empty list. Name at least one class in each.", options.group);
  std::size_t images = 0;
  for (const std::int64_t c : list) {
    if (c < 0 || c >= source.classes) {
      throw SpecError("{}.classes names the class {}, but those of '{}' are 0 to {}.", options.group, c, source.name,
                      source.classes - 1);
    }
    images += source.members[static_cast<std::size_t>(c)].size();
  }
  if (std::set(list.begin(), list.end()).size() < list.size()) {
    throw SpecError("{}.classes names a class twice in one list. Remove one of them.", options.group);
  }
  if (images == 0) {
    throw SpecError("{}.classes has a list of classes of which '{}' has no images. Keep more.", options.group,
                    source.name);
  }
}

void check_lists(const OnlineOptions& options, const OnlineSource& source) {
  if (!options.classes.empty() && (source.has_class_choice || source.images.absent())) {
    throw SpecError("{}.classes chooses classes of a dataset, and '{}' has none to choose from. Remove one of them.",
                    options.group, source.name);
  }
  for (const std::vector<std::int64_t>& list : options.classes) check_list(options, source, list);
}

void check_class_count(const OnlineOptions& options, const OnlineSource& source) {
  if (source.has_class_choice && (options.glyph_classes < 1 || options.glyph_classes > source.classes)) {
    throw SpecError("{}.glyph_classes is {}, but the split has {} classes. Choose fewer, or generate more.",
                    options.group, options.glyph_classes, source.classes);
  }
  const std::int64_t count = class_count(source, {}, options);
  if (count > max_online_classes) {
    throw SpecError("A task of '{}' would have {} classes; at most {} are possible. Keep fewer with {}.classes.",
                    source.name, count, max_online_classes, options.group);
  }
}

void check_shares(const OnlineOptions& options) {
  const double project = options.project, permute = options.permute_pixels;
  if (!(project >= 0 && permute >= 0 && project + permute <= 1)) {
    throw SpecError("{0}.project is {1} and {0}.permute_pixels {2}; they are shares of the tasks, together 1 at most.",
                    options.group, project, permute);
  }
  if (options.tasks > 0 && options.tasks < combinations(options)) {
    throw SpecError(
        "{0}.tasks is {1}, but {0} has {2} combinations of datasets, sizes and lists of classes. Give at least that "
        "many tasks.",
        options.group, options.tasks, combinations(options));
  }
}

/// body(t) for each of `count` rows of `n` numbers, on as many threads as the work is worth.
template <typename Body>
void for_each_row(int threads, std::int64_t count, std::int64_t n, const Body& body) {
  constexpr std::int64_t numbers = 1 << 16;  // a fifth of a millisecond
  parallel_ranges(threads, count, numbers / n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) body(t);
  });
}

/// Images of one stream of tasks on their way to the caller.
class TaskStream final : public OnlineStream {
 public:
  TaskStream(const OnlineData& data, const OnlineOptions& options, Split split, std::uint64_t seed);

  std::int64_t tasks() const override { return options_.tasks; }
  EpisodeShape shape(const EpisodeId& id) const override;
  void draw(std::span<const EpisodeId> episodes, int threads, const Tensor& x, const Tensor& labels) override;

 private:
  /// Where the rows of an episode go: `count` of them, each followed by the next after `stride` numbers.
  struct Rows {
    float* first;
    std::int64_t count, stride;
  };
  struct Size {
    std::int64_t height, width, channels;
    std::int64_t inputs() const { return height * width * channels; }
  };

  void check_size(const TaskVariation& variation) const;
  std::int64_t number_of(const EpisodeId& id) const { return options_.tasks == 0 ? id.number : id.task; }
  TaskVariation variation(const EpisodeId& id) const;
  TaskSeed task_seed(const EpisodeId& id) const;
  Philox4 episode_key(const EpisodeId& id) const;
  const std::vector<std::int64_t>& class_list(const TaskVariation& variation) const;
  Size size_of(const TaskVariation& variation) const;
  void draw_episode(const EpisodeId& id, int threads, const Rows& x, std::int32_t* labels);
  void draw_images(const EpisodeId& id, const TaskVariation& variation, int threads, const Rows& to,
                   std::int32_t* labels);
  void mix(const TaskSeed& seed, Mixing mixing, std::int64_t n, int threads, const Rows& to);
  void order_pixels(const TaskSeed& seed, std::int64_t n);

  OnlineOptions options_;
  std::vector<OnlineSource> sources_;
  Split split_;
  std::uint64_t seed_;
  LinearTaps rows_, columns_;
  std::vector<float> plain_;               ///< [T, n], before a task's projection or permutation
  std::vector<float> projection_;          ///< [n, n]
  std::optional<TaskSeed> projection_of_;  ///< the task it belongs to
  std::vector<std::int32_t> pixel_order_;
};

TaskStream::TaskStream(const OnlineData& data, const OnlineOptions& options, Split split, std::uint64_t seed)
    : options_(options), split_(split), seed_(seed) {
  check_shares(options);
  for (const std::string& name : options.datasets) {
    sources_.push_back(data.source(name, split, seed));
    check_lists(options, sources_.back());
    if (options.classes.empty()) check_class_count(options, sources_.back());
  }
  SRWM_CHECK(!sources_.empty(), "a stream of no dataset");
  for (std::int64_t i = 0; i < combinations(options); ++i) check_size(variation_of(options, i));
}

/// Refuses sizes that do not fit into memory, or into what all are padded to.
void TaskStream::check_size(const TaskVariation& variation) const {
  const OnlineSource& source = sources_[variation.dataset];
  const std::int64_t inputs = size_of(variation).inputs();
  const std::int64_t classes = class_count(source, class_list(variation), options_);
  if (options_.project > 0) {
    require_memory(sizeof(float) * static_cast<double>(inputs) * static_cast<double>(inputs),
                   fmt::format("the random projection of {} inputs of {}", inputs, source.name),
                   fmt::format("Set {0}.project to 0, or {0}.sizes to less.", options_.group));
  }
  if (options_.pad && (inputs > padded_inputs || classes > padded_classes)) {
    throw SpecError("{}.pad makes {} inputs and {} classes, but '{}' has {} and {}. Set it to false.", options_.group,
                    padded_inputs, padded_classes, source.name, inputs, classes);
  }
}

TaskVariation TaskStream::variation(const EpisodeId& id) const {
  return variation_of(options_, number_of(id));
}

TaskSeed TaskStream::task_seed(const EpisodeId& id) const {
  const std::int64_t task = options_.first_task + number_of(id);
  SRWM_CHECK(task >= 0 && task < std::int64_t{1} << 32, "task {}", task);
  const std::uint32_t family = options_.tasks == 0 ? 1 + static_cast<std::uint32_t>(split_) : 0;
  return {seed_, static_cast<std::uint32_t>(task), family};
}

Philox4 TaskStream::episode_key(const EpisodeId& id) const {
  const std::int64_t task = options_.tasks == 0 ? 0 : options_.first_task + id.task;
  SRWM_CHECK(task < std::int64_t{1} << 30, "task {}", task);
  const std::uint32_t step = static_cast<std::uint32_t>(std::size(all_splits) * static_cast<std::uint64_t>(task)) +
                             static_cast<std::uint32_t>(split_);
  return RandomStep(seed_, Stream::online_episodes, step).at(static_cast<std::uint64_t>(id.number));
}

const std::vector<std::int64_t>& TaskStream::class_list(const TaskVariation& variation) const {
  static const std::vector<std::int64_t> all;
  return options_.classes.empty() ? all : options_.classes[variation.class_list];
}

TaskStream::Size TaskStream::size_of(const TaskVariation& variation) const {
  const OnlineSource& source = sources_[variation.dataset];
  if (options_.sizes.empty()) return {source.height, source.width, source.channels};
  const std::int64_t size = options_.sizes[variation.size];
  return {size, size, source.channels};
}

EpisodeShape TaskStream::shape(const EpisodeId& id) const {
  if (options_.pad) return {padded_inputs, padded_classes};
  const TaskVariation of_task = variation(id);
  return {size_of(of_task).inputs(), class_count(sources_[of_task.dataset], class_list(of_task), options_)};
}

void TaskStream::draw(std::span<const EpisodeId> episodes, int threads, const Tensor& x, const Tensor& labels) {
  SRWM_CHECK(x.shape().rank() == 3 && x.dim(0) == std::ssize(episodes), "x is {} for {} episodes",
             x.shape().to_string(), episodes.size());
  const std::int64_t length = x.dim(1), inputs = x.dim(2);
  SRWM_CHECK((labels.shape() == Shape{x.dim(0), length}), "labels are {}", labels.shape().to_string());
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const EpisodeId& id = episodes[static_cast<std::size_t>(i)];
    SRWM_CHECK(shape(id).inputs == inputs, "a task of {} inputs in a batch of {}", shape(id).inputs, inputs);
    draw_episode(id, threads, {x.data<float>() + i * length * inputs, length, inputs},
                 labels.data<std::int32_t>() + i * length);
  }
}

void TaskStream::draw_episode(const EpisodeId& id, int threads, const Rows& x, std::int32_t* labels) {
  const TaskVariation of_task = variation(id);
  const std::int64_t n = size_of(of_task).inputs();
  Rows plain = x;
  if (of_task.mixing != Mixing::none) {
    plain_.resize(static_cast<std::size_t>(x.count * n));
    plain = {plain_.data(), x.count, n};
  }
  draw_images(id, of_task, threads, plain, labels);
  if (of_task.mixing != Mixing::none) mix(task_seed(id), of_task.mixing, n, threads, x);
  if (n == x.stride) return;
  for (std::int64_t t = 0; t < x.count; ++t) std::fill(x.first + t * x.stride + n, x.first + (t + 1) * x.stride, 0.0F);
}

/// An image of truncated normal noise around a mean uniform in [-1, 1], labeled with whether its sum is at least 0.
bool draw_sum_image(RandomSequence random, std::span<float> image) {
  const double mean = random.uniform(-1, 1);
  double sum = 0;
  for (float& pixel : image) {
    pixel = static_cast<float>(mean + random.truncated_normal());
    sum += static_cast<double>(pixel);
  }
  return sum >= 0;
}

/// The stored image `index` at the size that the taps make.
void read_image(const OnlineSource& source, std::int64_t index, const LinearTaps& rows, const LinearTaps& columns,
                std::span<float> image) {
  const std::int64_t first = index * source.height * source.width * source.channels;
  if (source.images.dtype() == DType::f32) {
    const float* pixels = source.images.data<float>() + first;
    resize_bilinear(pixels, source.width, source.channels, rows, columns, image.data());
    return;
  }
  const std::uint8_t* pixels = source.images.data<std::uint8_t>() + first;
  if (rows.taps().size() == static_cast<std::size_t>(source.height) &&
      columns.taps().size() == static_cast<std::size_t>(source.width)) {
    std::copy_n(pixels, image.size(), image.data());
  } else {
    resize_bilinear(pixels, source.width, source.channels, rows, columns, image.data());
  }
  for (float& pixel : image) pixel /= 255.0F;
}

void TaskStream::draw_images(const EpisodeId& id, const TaskVariation& of_task, int threads, const Rows& to,
                             std::int32_t* labels) {
  const OnlineSource& source = sources_[of_task.dataset];
  const Size size = size_of(of_task);
  rows_.set(source.height, size.height);
  columns_.set(source.width, size.width);
  const TaskClasses classes(source, class_list(of_task), options_, task_seed(id));
  const Philox4 key = episode_key(id);
  const bool is_sum = source.images.absent();
  const RandomOrder order({key[0], key[1]}, is_sum ? 1 : classes.images());
  const std::uint64_t noise_seed = std::uint64_t{key[2]} << 32 | key[3];
  for_each_row(threads, to.count, size.inputs(), [&](std::int64_t t) {
    const std::span image(to.first + t * to.stride, static_cast<std::size_t>(size.inputs()));
    if (is_sum) {
      const RandomSequence noise(noise_seed, Stream::online_episodes, 0, static_cast<std::uint64_t>(t) << 32);
      labels[t] = classes.label_of(draw_sum_image(noise, image) ? 1 : 0);
    } else {
      const TaskClasses::Example example = classes.at(order.at(t));
      read_image(source, example.image, rows_, columns_, image);
      labels[t] = example.label;
    }
    if (options_.normalize == Normalize::dataset) normalize_channels(image, source.mean, source.std);
    if (options_.normalize == Normalize::image) standardize(image);
  });
}

void TaskStream::mix(const TaskSeed& seed, Mixing mixing, std::int64_t n, int threads, const Rows& to) {
  if (mixing == Mixing::project) {
    if (projection_of_ != seed || std::ssize(projection_) != n * n) {
      projection_.resize(static_cast<std::size_t>(n * n));
      make_projection(seed, n, threads, projection_.data());
      projection_of_ = seed;
    }
    cpu::gemm(threads, cpu::Gemm<float>{.m = to.count,
                                        .n = n,
                                        .k = n,
                                        .a = plain_.data(),
                                        .b = projection_.data(),
                                        .c = to.first,
                                        .c_stride = to.stride});
    return;
  }
  order_pixels(seed, n);
  for_each_row(threads, to.count, n, [&](std::int64_t t) {
    const float* from = plain_.data() + t * n;
    float* row = to.first + t * to.stride;
    for (std::int64_t i = 0; i < n; ++i) row[i] = from[pixel_order_[static_cast<std::size_t>(i)]];
  });
}

void TaskStream::order_pixels(const TaskSeed& seed, std::int64_t n) {
  pixel_order_.resize(static_cast<std::size_t>(n));
  std::iota(pixel_order_.begin(), pixel_order_.end(), 0);
  seed.sequence(TaskSeed::pixels).shuffle(pixel_order_.begin(), pixel_order_.end());
}

}  // namespace

std::unique_ptr<OnlineStream> make_online_stream(const OnlineData& data, const OnlineOptions& options, Split split,
                                                 std::uint64_t seed) {
  return std::make_unique<TaskStream>(data, options, split, seed);
}

}  // namespace srwm
