// What the number of a task says about it.
#pragma once

#include <array>
#include <cstdint>

#include "data/online_data.h"
#include "data/online_options.h"

namespace srwm {

enum class Mixing { none, project, permute };

/// The digits of a task's number (OnlineOptions).
struct TaskVariation {
  std::size_t dataset = 0;     ///< index into options.datasets
  std::size_t size = 0;        ///< index into options.sizes, 0 if there are none
  std::size_t class_list = 0;  ///< index into options.classes, 0 if there are none
  Mixing mixing = Mixing::none;
};

TaskVariation variation_of(const OnlineOptions& options, std::int64_t task);
/// Combinations of dataset, size and class list.
std::int64_t combinations(const OnlineOptions& options);

/// The random choices of a task: those of one number are the same in all streams of a seed.
struct TaskSeed {
  std::uint64_t seed = 0;
  std::uint32_t task = 0;
  std::uint32_t family = 0;  ///< 0: fixed tasks; 1 + split: those of episodes, so that no split repeats another's

  enum Purpose : std::uint32_t { classes, labels, pixels, projection, purposes };
  RandomSequence sequence(Purpose purpose) const { return {seed, Stream::online_tasks, task, first_block(purpose)}; }
  RandomStep step() const { return {seed, Stream::online_tasks, task}; }
  std::uint64_t first_block(Purpose purpose) const { return std::uint64_t{purposes * family + purpose} << 40; }
  friend bool operator==(const TaskSeed&, const TaskSeed&) = default;
};

/// The classes of a task, their labels, and its images as one list: those of its first class, of its second, ...
class TaskClasses {
 public:
  /// `list`: the classes kept, or empty: all of the source, or a choice of options.glyph_classes.
  TaskClasses(const OnlineSource& source, const std::vector<std::int64_t>& list, const OnlineOptions& options,
              const TaskSeed& seed);

  std::int64_t count() const { return count_; }
  std::int64_t images() const { return first_[static_cast<std::size_t>(count_)]; }
  struct Example {
    std::int32_t image, label;
  };
  /// Of an element of the list, 0 .. images() - 1.
  Example at(std::int64_t position) const;
  std::int32_t label_of(std::size_t index) const { return label_[index]; }

 private:
  const OnlineSource& source_;
  std::int64_t count_;
  std::array<std::int32_t, max_online_classes> class_;
  std::array<std::int32_t, max_online_classes> label_;
  std::array<std::int64_t, max_online_classes + 1> first_;
};

/// How many classes a task has.
std::int64_t class_count(const OnlineSource& source, const std::vector<std::int64_t>& list,
                         const OnlineOptions& options);

/// R [n, n] row by row, uniform +-sqrt(3 / n), from Purpose::projection of the seed.
void make_projection(const TaskSeed& seed, std::int64_t n, int threads, float* matrix);

}  // namespace srwm
