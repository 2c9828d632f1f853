#include "data/task_variation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "data/random_order.h"

namespace srwm {
namespace {

/// How many of the elements 0 .. index - 1 are in a share, which a list takes as evenly as it can.
std::int64_t taken_before(std::int64_t index, double share) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(index) * share + 1e-9));
}

bool is_taken(std::int64_t index, double share) {
  return taken_before(index + 1, share) > taken_before(index, share);
}

Mixing mixing_of(const OnlineOptions& options, std::int64_t index) {
  if (is_taken(index, options.project)) return Mixing::project;
  if (options.permute_pixels <= 0) return Mixing::none;
  const std::int64_t others = index - taken_before(index, options.project);
  return is_taken(others, options.permute_pixels / (1 - options.project)) ? Mixing::permute : Mixing::none;
}

std::int64_t at_least_one(std::size_t count) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(count), 1);
}

}  // namespace

TaskVariation variation_of(const OnlineOptions& options, std::int64_t task) {
  const auto digit = [&task](std::int64_t base) {
    const std::int64_t value = task % base;
    task /= base;
    return static_cast<std::size_t>(value);
  };
  TaskVariation variation;
  variation.dataset = digit(at_least_one(options.datasets.size()));
  variation.size = digit(at_least_one(options.sizes.size()));
  variation.class_list = digit(at_least_one(options.classes.size()));
  variation.mixing = mixing_of(options, task);
  return variation;
}

std::int64_t combinations(const OnlineOptions& options) {
  return at_least_one(options.datasets.size()) * at_least_one(options.sizes.size()) *
         at_least_one(options.classes.size());
}

std::int64_t class_count(const OnlineSource& source, const std::vector<std::int64_t>& list,
                         const OnlineOptions& options) {
  if (!list.empty()) return static_cast<std::int64_t>(list.size());
  return source.has_class_choice ? options.glyph_classes : source.classes;
}

TaskClasses::TaskClasses(const OnlineSource& source, const std::vector<std::int64_t>& list,
                         const OnlineOptions& options, const TaskSeed& seed)
    : source_(source), count_(class_count(source, list, options)) {
  const auto count = static_cast<std::size_t>(count_);
  if (!list.empty()) {
    std::ranges::transform(list, class_.begin(), [](std::int64_t c) { return static_cast<std::int32_t>(c); });
  } else if (source.has_class_choice) {
    // The order of all classes, computed for the first `count` alone.
    const Philox4 block = seed.step().at(seed.first_block(TaskSeed::classes));
    const RandomOrder order({block[0], block[1]}, source.classes);
    for (std::size_t i = 0; i < count; ++i)
      class_[i] = static_cast<std::int32_t>(order.at(static_cast<std::int64_t>(i)));
  } else {
    std::iota(class_.begin(), class_.begin() + count_, 0);
  }
  std::iota(label_.begin(), label_.begin() + count_, 0);
  if (options.permute_labels) seed.sequence(TaskSeed::labels).shuffle(label_.begin(), label_.begin() + count_);
  first_[0] = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t images = source.images ? source.members[static_cast<std::size_t>(class_[i])].size() : 0;
    first_[i + 1] = first_[i] + static_cast<std::int64_t>(images);
  }
}

TaskClasses::Example TaskClasses::at(std::int64_t position) const {
  const auto after = std::upper_bound(first_.begin(), first_.begin() + count_ + 1, position);
  const auto index = static_cast<std::size_t>(after - first_.begin()) - 1;
  const auto& members = source_.members[static_cast<std::size_t>(class_[index])];
  return {members[static_cast<std::size_t>(position - first_[index])], label_[index]};
}

void make_projection(const TaskSeed& seed, std::int64_t n, int threads, float* matrix) {
  const double bound = std::sqrt(3.0 / static_cast<double>(n));
  const RandomStep random = seed.step();
  const std::int64_t blocks = (n + 3) / 4;
  parallel_for(threads, n, [&](std::int64_t row) {
    const std::uint64_t first = seed.first_block(TaskSeed::projection) + static_cast<std::uint64_t>(row * blocks);
    float* to = matrix + row * n;
    for (std::int64_t column = 0; column < n; column += 4) {
      const Philox4 words = random.at(first + static_cast<std::uint64_t>(column / 4));
      for (std::int64_t i = column; i < std::min(column + 4, n); ++i) {
        const double uniform = (static_cast<double>(words[static_cast<std::size_t>(i - column)]) + 0.5) * 0x1.0p-32;
        to[i] = static_cast<float>(bound * (2 * uniform - 1));
      }
    }
  });
}

}  // namespace srwm
