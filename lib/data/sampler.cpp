#include "data/sampler.h"

#include <algorithm>
#include <array>
#include <span>

namespace srwm {
namespace {

/// One episode under construction: its positions in the batch and the classes drawn for it.
class EpisodeDraw {
 public:
  EpisodeDraw(const ClassSplit& split, const EpisodeOptions& options, std::int64_t ways, EpisodeBatch& batch,
              std::int64_t begin, std::int64_t count, RandomSequence random)
      : split_(split),
        options_(options),
        ways_(ways),
        image_(part(batch.image, begin, count)),
        rotation_(part(batch.rotation, begin, count)),
        label_in_(part(batch.label_in, begin, count)),
        target_(part(batch.target, begin, count)),
        random_(random) {}

  void draw() {
    draw_classes();
    draw_slots();
    for (std::int64_t way = 0; way < ways_; ++way) {
      for (std::int64_t shot = 0; shot < options_.k_shot; ++shot) draw_image(way * options_.k_shot + shot, way);
    }
    for (std::int64_t i = 0; i < future(); ++i) draw_image(support() + i, i / options_.future_shots);
    // Queries are drawn while the support images still stand in the order of their classes.
    const auto length = static_cast<std::int64_t>(image_.size());
    for (std::int64_t position = support() + future(); position < length; ++position) {
      draw_image(position, below(ways_));
    }
    shuffle(0, support());
    shuffle(support(), future());
    if (options_.protocol == Protocol::sync) feed_sync();
  }

 private:
  template <typename T>
  static std::span<T> part(std::vector<T>& all, std::int64_t begin, std::int64_t count) {
    return {all.data() + begin, static_cast<std::size_t>(count)};
  }
  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }
  std::int64_t below(std::int64_t bound) { return random_.below(static_cast<std::uint32_t>(bound)); }
  std::int64_t support() const { return ways_ * options_.k_shot; }
  std::int64_t future() const { return ways_ * options_.future_shots; }

  /// `ways` different classes; with rotations a class is a character and a rotation, numbered 4 * character + rotation.
  void draw_classes() {
    const std::int64_t classes = split_.classes() * (options_.rotations ? 4 : 1);
    for (std::int64_t way = 0; way < ways_; ++way) {
      const auto begin = class_.begin(), end = begin + way;
      do {
        class_[at(way)] = static_cast<std::int32_t>(below(classes));
      } while (std::find(begin, end, class_[at(way)]) != end);
    }
  }

  /// slot_[way] is the label of a class in this episode: the beginning of a random permutation of all n_way slots.
  void draw_slots() {
    for (std::int64_t slot = 0; slot < options_.n_way; ++slot) slot_[at(slot)] = static_cast<std::int32_t>(slot);
    for (std::int64_t way = 0; way < ways_; ++way) {
      std::swap(slot_[at(way)], slot_[at(way + below(options_.n_way - way))]);
    }
  }

  /// Puts an image of the class `way` that is new to the episode at `position`.
  void draw_image(std::int64_t position, std::int64_t way) {
    const std::int32_t id = class_[at(way)];
    const auto& members = split_.members[at(options_.rotations ? id / 4 : id)];
    target_[at(position)] = slot_[at(way)];
    rotation_[at(position)] = static_cast<std::uint8_t>(options_.rotations ? id % 4 : 0);
    do {
      image_[at(position)] = members[at(below(static_cast<std::int64_t>(members.size())))];
    } while (drawn_before(position, way));
  }

  bool drawn_before(std::int64_t position, std::int64_t way) const {
    const auto same = [&](std::int64_t other) {
      return target_[at(other)] == target_[at(position)] && image_[at(other)] == image_[at(position)];
    };
    const std::int64_t first = way * options_.k_shot, last = std::min(position, first + options_.k_shot);
    for (std::int64_t other = first; other < last; ++other) {
      if (same(other)) return true;
    }
    for (std::int64_t other = support(); other < position; ++other) {
      if (same(other)) return true;
    }
    return false;
  }

  void shuffle(std::int64_t begin, std::int64_t count) {
    for (std::int64_t n = count; n > 1; --n) {
      const std::size_t last = at(begin + n - 1), other = at(begin + below(n));
      std::swap(image_[last], image_[other]);
      std::swap(rotation_[last], rotation_[other]);
      std::swap(target_[last], target_[other]);
    }
  }

  void feed_sync() {
    for (std::size_t t = 0; t < image_.size(); ++t) {
      const bool is_query = t >= at(support() + future());
      label_in_[t] = is_query ? 0 : target_[t];
      if (!is_query) target_[t] = -1;
    }
  }

  const ClassSplit& split_;
  const EpisodeOptions& options_;
  std::int64_t ways_;
  std::span<std::int32_t> image_;
  std::span<std::uint8_t> rotation_;
  std::span<std::int32_t> label_in_;
  std::span<std::int32_t> target_;
  RandomSequence random_;
  std::array<std::int32_t, max_ways> class_;
  std::array<std::int32_t, max_ways> slot_;
};

}  // namespace

EpisodeSampler::EpisodeSampler(const ClassSplit& split, const EpisodeOptions& options, std::uint64_t seed,
                               Stream stream)
    : split_(split), options_(options), seed_(seed), stream_(stream) {
  const std::int64_t classes = split.classes() * (options.rotations ? 4 : 1);
  if (options.n_way < 1 || options.n_way > max_ways) {
    throw SpecError("protocol.n_way is {}; it must be 1 to {}.", options.n_way, max_ways);
  }
  if (classes < options.n_way) {
    throw SpecError("protocol.n_way is {} but {} has only {} classes. Choose a smaller one.", options.n_way,
                    split.label, classes);
  }
  if (options.rotations && split.images.dim(1) != split.images.dim(2)) {
    throw SpecError(
        "protocol.rotations turns images by quarters, so they must be square; those of the dataset are {}x{}.",
        split.images.dim(1), split.images.dim(2));
  }
  const bool sync = options.protocol == Protocol::sync;
  const std::int64_t needed = options.k_shot + options.future_shots + (sync ? options.queries : 0);
  for (std::size_t c = 0; c < split.members.size(); ++c) {
    const auto found = static_cast<std::int64_t>(split.members[c].size());
    if (found < needed) {
      throw SpecError(
          "An episode may need {} images of a class (protocol.k_shot{}), but the class '{}' has {}. Ask for fewer.",
          needed,
          options.future_shots > 0 ? " + bootstrap.future_shots + protocol.queries"
          : sync                   ? " + protocol.queries"
                                   : "",
          split.class_names[c], found);
    }
  }
}

void EpisodeSampler::sample(std::uint32_t step, std::int64_t episodes, EpisodeBatch& batch, std::int64_t first_episode,
                            std::int64_t ways) const {
  if (ways == 0) ways = options_.n_way;
  SRWM_CHECK(1 <= ways && ways <= options_.n_way, "{} of {} ways", ways, options_.n_way);
  batch.queries = options_.protocol == Protocol::sync ? options_.queries : 0;
  batch.future = ways * options_.future_shots;
  batch.resize(episodes, ways * options_.k_shot + batch.future + batch.queries);
  std::ranges::fill(batch.task, std::uint8_t{0});
  for (std::int64_t episode = 0; episode < episodes; ++episode) {
    EpisodeDraw(split_, options_, ways, batch, episode * batch.length, batch.length,
                random(step, first_episode + episode))
        .draw();
  }
  if (options_.protocol != Protocol::sync) feed_delayed(batch);
}

void EpisodeSampler::sample_segment(std::uint32_t step, std::int64_t episode, std::int64_t begin, std::int64_t count,
                                    EpisodeBatch& batch) const {
  EpisodeDraw(split_, options_, options_.n_way, batch, begin, count, random(step, episode)).draw();
}

RandomSequence EpisodeSampler::random(std::uint32_t step, std::int64_t episode) const {
  return RandomSequence(seed_, stream_, step, static_cast<std::uint64_t>(episode) << 32);
}

std::int64_t EpisodeSampler::ways_at(std::int64_t step) const {
  if (options_.ways_steps <= 0 || options_.first_ways <= 0) return options_.n_way;
  const std::int64_t gained = (options_.n_way - options_.first_ways) * std::min(step, options_.ways_steps);
  return options_.first_ways + gained / options_.ways_steps;
}

}  // namespace srwm
