// Streams for online learning: labeled images one after the other, predicted before the label is seen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "data/online_data.h"
#include "data/online_options.h"

namespace srwm {

/// An episode is a pure function of these, the stream's options, its split and its seed.
struct EpisodeId {
  std::int64_t task = 0;  ///< counted from 0 in every stream; of no account in streams without fixed tasks
  std::int64_t number = 0;
};

struct EpisodeShape {
  std::int64_t inputs = 0, classes = 0;
  friend bool operator==(const EpisodeShape&, const EpisodeShape&) = default;
};

class OnlineStream {
 public:
  virtual ~OnlineStream() = default;
  /// Tasks fixed by the seed; 0: every episode is one of its own.
  virtual std::int64_t tasks() const = 0;
  /// Sizes differ between tasks only where options.sizes or options.classes has several.
  virtual EpisodeShape shape(const EpisodeId& id) const = 0;
  /// Fills x f32 [E, T, inputs] and labels i32 [E, T] with E episodes of one shape; inputs are ordered H, W, C. The
  /// same numbers with any number of threads. Keeps its work memory, so that a loop over equal T stops allocating; for
  /// one caller at a time.
  virtual void draw(std::span<const EpisodeId> episodes, int threads, const Tensor& x, const Tensor& labels) = 0;
};

/// The stream of `options`: images of the task's dataset in random order without replacement, from the start in another
/// order where the dataset ends. Each image is resized, normalized, then projected or permuted, then padded. R [n, n]
/// of a projected task is uniform +-sqrt(3 / n): x R has the variance of x. Tasks of one number are the same in all
/// splits unless tasks is 0. SpecError if options and datasets do not fit.
std::unique_ptr<OnlineStream> make_online_stream(const OnlineData& data, const OnlineOptions& options, Split split,
                                                 std::uint64_t seed);

/// appearance: labels number the classes of an episode in the order in which they are first seen.
enum class LabelOrder { appearance, random };

/// N-way one-shot episodes as streams of n_way + 1 images: an image of each of n_way classes in random order, then
/// another image of one of them. The published sampler lets two of the n_way be the same class by accident; here they
/// differ.
struct FewShotStreamOptions {
  std::string dataset = "omniglot28";
  Normalize normalize = Normalize::dataset;
  std::int64_t n_way = 5;
  LabelOrder label_order = LabelOrder::appearance;
};

/// SpecError if the splits share their classes or the split has fewer than n_way. `data` must outlive the stream.
std::unique_ptr<OnlineStream> make_few_shot_stream(const OnlineData& data, const FewShotStreamOptions& options,
                                                   Split split, std::uint64_t seed);

}  // namespace srwm
