// A few-shot case of make_golden.py: its model, its episodes, and what PyTorch computes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/hdf5.h"
#include "run/checkpoint.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/fewshot_task.h"

namespace srwm::test {

/// The files of $SRWM_GOLDEN_DIR where that is set, else those kept in tests/golden/data.
std::filesystem::path golden_folder();
/// Names of the few-shot cases there, sorted.
std::vector<std::string> golden_cases();

/// How two tasks follow each other in each pass of training, where an episode of the file is a segment of each.
struct TwoTasks {
  std::vector<std::int64_t> kept;   ///< [passes, 2] positions that are left of the segment of each task
  std::vector<std::int64_t> first;  ///< [passes] the task that comes first
};

/// Training episodes as PyTorch had them.
class GoldenEpisodes final : public EpisodeSource {
 public:
  /// The file must outlive this.
  GoldenEpisodes(const EpisodeFile& file, const ExperimentSpec& spec, const hdf5::File& expected);

  const ImagePool& pool() const override { return pool_; }
  void batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const override;
  /// For evaluation: nothing is cut off or set apart.
  void whole_batch(std::int64_t first, std::int64_t episodes, EpisodeBatch& batch) const;

 private:
  EpisodeBatch cut(const EpisodeBatch& whole, std::size_t pass) const;

  const EpisodeFile& file_;
  ImagePool pool_;
  std::int64_t future_ = 0;
  std::optional<TwoTasks> tasks_;
};

class GoldenCase {
 public:
  GoldenCase(const std::string& name, const Backend& backend, DType real);

  const ParameterSet& parameters() const { return task_.learner().parameters(); }
  /// A dataset of PyTorch's numbers.
  std::vector<double> expected(const std::string& name) const;
  /// Logits of all episodes in evaluation mode.
  std::vector<double> logits();
  /// Trains and gives the loss of each step, summed over its passes.
  std::vector<double> losses();

 private:
  void load_parameters();

  Checkpoint checkpoint_;
  ExperimentSpec spec_;
  EpisodeFile file_;
  hdf5::File expected_;
  GoldenEpisodes source_;
  Context context_;
  FewShotTask task_;
};

}  // namespace srwm::test
