// The streams of a run: what a rule is trained, validated and tested on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "data/online_data.h"
#include "data/online_stream.h"
#include "tasks/vsml/vsml_spec.h"
#include "train/task_type.h"

namespace srwm {

/// Episodes of one shape, on the host.
struct OnlineBatch {
  std::vector<EpisodeId> ids;
  EpisodeShape shape;
  std::int64_t streams = 1;  ///< K: sequences of an episode, which a rule sees in parallel
  Tensor x;                  ///< f32 [E K, T, inputs], the sequences of an episode one after the other
  Tensor labels;             ///< i32 [E K, T]
  /// What cells hold before the first image, f32 [E, cells], or an absent tensor for zeros; none: as the rule draws it.
  std::optional<Tensor> first_cells;
  /// RuleOutput::state of the images before, where a rule with cells goes on; absent: an episode begins.
  Tensor state;

  std::int64_t episodes() const { return x.dim(0) / streams; }
  std::int64_t length() const { return x.dim(1); }
  /// Of all sequences of an episode.
  std::span<const float> inputs_of(std::int64_t episode) const;
  std::span<const std::int32_t> labels_of(std::int64_t episode) const;
};

/// What an episode has: sequences seen in parallel, and images in each.
struct EpisodeLength {
  std::int64_t images = 0, streams = 1;
};

/// Episodes of these numbers, in batches of one shape each, in the order in which the shapes appear. `batches` is
/// reused from call to call.
void draw_batches(OnlineStream& stream, std::span<const std::int64_t> numbers, const EpisodeLength& length, int threads,
                  std::vector<OnlineBatch>& batches);

class VsmlData final : public TaskData {
 public:
  /// DataError if a dataset is missing or broken.
  VsmlData(const VsmlSpec& spec, const std::string& data_dir, int threads);
  std::string digest() const override { return data_.digest(); }

  /// Drawn from the spec's seed. The data must outlive streams. SpecError if datasets do not fit the spec.
  std::unique_ptr<OnlineStream> training(const VsmlSpec& spec) const;
  /// Of the first task that the spec trains on; zeros where nothing is trained on streams.
  EpisodeShape training_shape(const VsmlSpec& spec) const;
  /// The stream of one dataset of a group, "validation" or "test", the same for every run.
  std::unique_ptr<OnlineStream> evaluation(const VsmlSpec& spec, const StreamTestSpec& test, std::string_view group,
                                           const std::string& dataset, Split split, std::uint64_t seed) const;

 private:
  std::unique_ptr<OnlineStream> stream(const VsmlSpec& spec, const OnlineOptions& options, Split split,
                                       std::uint64_t seed) const;
  OnlineData data_;
};

/// Of an episode of training, or of an evaluation.
EpisodeLength training_length(const VsmlSpec& spec);
EpisodeLength evaluation_length(const VsmlSpec& spec, const StreamTestSpec& test);

}  // namespace srwm
