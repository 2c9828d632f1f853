// The streams of a run: what a rule is trained, validated and tested on.
#pragma once

#include <cstdint>
#include <memory>
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
  Tensor x;       ///< f32 [E, T, inputs]
  Tensor labels;  ///< i32 [E, T]

  std::int64_t episodes() const { return x.dim(0); }
  std::int64_t length() const { return x.dim(1); }
  std::span<const float> inputs_of(std::int64_t episode) const;
  std::span<const std::int32_t> labels_of(std::int64_t episode) const;
};

/// Episodes number first .. first + count - 1 of a stream, in batches of one shape each, in the order in which the
/// shapes appear. `batches` is reused from call to call.
void draw_batches(OnlineStream& stream, std::span<const std::int64_t> numbers, std::int64_t length, int threads,
                  std::vector<OnlineBatch>& batches);

class VsmlData final : public TaskData {
 public:
  /// DataError if a dataset is missing or broken.
  VsmlData(const VsmlSpec& spec, const std::string& data_dir, int threads);
  std::string digest() const override { return data_.digest(); }

  /// Drawn from the spec's seed. The data must outlive streams. SpecError if datasets do not fit the spec.
  std::unique_ptr<OnlineStream> training(const VsmlSpec& spec) const;
  /// The stream of one dataset of a group, "validation" or "test", the same for every run.
  std::unique_ptr<OnlineStream> evaluation(const VsmlSpec& spec, const StreamTestSpec& test, std::string_view group,
                                           const std::string& dataset, Split split, std::uint64_t seed) const;

 private:
  std::unique_ptr<OnlineStream> stream(const VsmlSpec& spec, const OnlineOptions& options, Split split,
                                       std::uint64_t seed) const;
  OnlineData data_;
};

/// Images of an episode of training, or of an evaluation.
std::int64_t training_length(const VsmlSpec& spec);
std::int64_t evaluation_length(const VsmlSpec& spec, const StreamTestSpec& test);

}  // namespace srwm
