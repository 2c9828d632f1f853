// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A number is a pure function of (seed, stream, step, index): there is no generator state to save,
// and the numbers do not depend on the number of threads or on what was drawn before.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace srwm {

/// What the numbers are for. Values are part of the file format (a resumed run must draw the same numbers):
/// append, never renumber.
enum class Stream : std::uint32_t {
  init = 0,
  train_episodes = 1,
  dropout = 2,
  env = 3,
  validation_episodes = 4,
  test_episodes = 5,
  glyphs = 6,
  split = 7,
  actions = 8,
  es_noise = 9,
  vsml_state = 10,
  online_tasks = 11,
  online_episodes = 12,
  augmentation = 13,
};

using Philox4 = std::array<std::uint32_t, 4>;

/// Ten rounds of Philox4x32 on `counter` under `key`. Matches the Random123 known-answer vectors.
Philox4 philox4x32(Philox4 counter, std::array<std::uint32_t, 2> key);

/// Four standard normals from one block: Box-Muller on its words as uniforms (u + 1/2) / 2^32, two by two.
std::array<double, 4> normals(const Philox4& block);

/// The numbers of one (seed, stream, step); `at(i)` gives the i-th block of four.
class RandomStep {
 public:
  RandomStep(std::uint64_t seed, Stream stream, std::uint32_t step);
  Philox4 at(std::uint64_t index) const { return philox4x32(counter(index), key_); }

  /// What `at` hands to philox4x32, for code that draws many blocks at once.
  Philox4 counter(std::uint64_t index) const {
    return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), step_, stream_};
  }
  std::array<std::uint32_t, 2> key() const { return key_; }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t stream_, step_;
};

/// Draws numbers one after the other from one (seed, stream, step), from block index `first` on; for host code that
/// wants a sequence. Blocks with `first = k << 32` never meet those of another k.
class RandomSequence {
 public:
  RandomSequence(std::uint64_t seed, Stream stream, std::uint32_t step, std::uint64_t first = 0);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  /// Uniform integer in [0, bound), without bias; bound > 0.
  std::uint32_t below(std::uint32_t bound);
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller).
  double normal();
  /// Standard normal cut at two standard deviations, by rejection; its own standard deviation is 0.8796.
  double truncated_normal();
  /// Fisher-Yates shuffle of [first, last).
  template <typename It>
  void shuffle(It first, It last) {
    for (auto n = last - first; n > 1; --n) {
      std::swap(first[n - 1], first[below(static_cast<std::uint32_t>(n))]);
    }
  }

 private:
  RandomStep step_;
  std::uint64_t block_;
  Philox4 buffer_{};
  int used_ = 4;
};

}  // namespace srwm
