#include "tasks/fewshot/evaluator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "core/finite.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "nn/find_bad_tensor.h"
#include "tasks/fewshot/prediction_bytes.h"

namespace srwm {
namespace {

/// Whether the target's logit is the first largest of its row; never so if it is NaN.
template <typename T>
bool wins(const T* logits, std::int64_t n, std::int32_t target) {
  return !std::isnan(logits[target]) && std::max_element(logits, logits + n) - logits == target;
}

bool is_correct(const Prediction& prediction, std::int64_t row) {
  const std::int64_t n = prediction.logits.dim(1);
  const std::int32_t target = prediction.targets.data<std::int32_t>()[row];
  if (prediction.logits.dtype() == DType::f64) return wins(prediction.logits.data<double>() + row * n, n, target);
  return wins(prediction.logits.data<float>() + row * n, n, target);
}

struct Episodes {
  std::int64_t first, count;
};

/// Adds up the predictions of an evaluation.
class Tally {
 public:
  explicit Tally(const ImagePool& pool) {
    if (pool.sets.size() == 2) result_.two_tasks.emplace(std::array{pool.sets[0].name, pool.sets[1].name});
  }

  void add(const Prediction& prediction) {
    const std::int64_t targets = prediction.targets.numel(), per_episode = targets / prediction.episodes;
    for (std::int64_t e = 0; e < prediction.episodes; ++e) add_episode(prediction, e * per_episode, per_episode);
    loss_ += prediction.loss * static_cast<double>(targets);
    targets_ += targets;
  }

  Evaluation result() const {
    Evaluation result = result_;
    result.accuracy = accuracy_.mean();
    result.ci95 = accuracy_.ci95();
    result.loss = targets_ > 0 ? loss_ / static_cast<double>(targets_) : 0;
    result.episodes = accuracy_.count();
    return result;
  }

 private:
  /// An episode's targets are the rows first .. first + count - 1 of the prediction.
  void add_episode(const Prediction& prediction, std::int64_t first, std::int64_t count) {
    correct_.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      correct_[static_cast<std::size_t>(i)] = is_correct(prediction, first + i) ? 1 : 0;
    }
    const auto right = std::accumulate(correct_.begin(), correct_.end(), std::int64_t{0});
    accuracy_.add(right, count);
    result_.by_episode.push_back(static_cast<float>(right) / static_cast<float>(count));
    if (prediction.queries > 0) return;
    const auto begin = static_cast<std::size_t>(first);
    const auto targets = prediction.targets.span<std::int32_t>().subspan(begin, correct_.size());
    if (result_.two_tasks) {
      result_.two_tasks->add(correct_, targets, prediction.tasks.span<std::uint8_t>().subspan(begin, correct_.size()));
    } else {
      result_.sequence.add(correct_, targets);
    }
  }

  Evaluation result_;
  RunningMean accuracy_;
  double loss_ = 0;
  std::int64_t targets_ = 0;
  std::vector<std::uint8_t> correct_;
};

/// The batches of an evaluation.
class Batches {
 public:
  struct Sizes {
    std::int64_t episodes, batch;
  };
  Batches(Context& context, FewShotLearner& learner, const EpisodeSource& source, const Sizes& sizes)
      : context_(context), learner_(learner), source_(source), sizes_(sizes) {}

  std::int64_t count() const { return (sizes_.episodes + sizes_.batch - 1) / sizes_.batch; }
  /// Of the batches that were predicted here.
  std::int64_t images() const { return images_; }

  /// One after the other, without waiting in between, while `goes_on`.
  void predict_all(const PredictionSink& sink, const std::function<bool()>& goes_on) {
    Predictor predictor(context_, learner_, sink);
    for (std::int64_t i = 0; i < count() && goes_on(); ++i) predictor.start(draw(i), source_.pool());
    predictor.finish();
  }
  Prediction predict(std::int64_t i) { return srwm::predict(context_, learner_, draw(i), source_.pool()); }

 private:
  const EpisodeBatch& draw(std::int64_t i) {
    const std::int64_t first = i * sizes_.batch;
    source_.batch(first, std::min(sizes_.batch, sizes_.episodes - first), drawn_);
    images_ += drawn_.positions();
    return drawn_;
  }

  Context& context_;
  FewShotLearner& learner_;
  const EpisodeSource& source_;
  Sizes sizes_;
  EpisodeBatch drawn_;
  std::int64_t images_ = 0;
};

/// In each round every rank predicts one batch; the rounds end for all when one does not go on.
void predict_by_turns(Batches& batches, Ranks& ranks, const PredictionSink& sink,
                      const std::function<bool()>& goes_on) {
  for (std::int64_t first = 0; first < batches.count(); first += ranks.size()) {
    const std::int64_t mine = first + ranks.rank();
    Bytes message{std::byte{goes_on()}};
    if (mine < batches.count() && message[0] != std::byte{0}) append_prediction(batches.predict(mine), message);
    const std::vector<Bytes> all = ranks.all_gather(message);
    if (std::ranges::any_of(all, [](const Bytes& other) { return other[0] == std::byte{0}; })) return;
    for (const Bytes& other : all) {
      if (other.size() > 1) sink(read_prediction(std::span(other).subspan(1)));
    }
  }
}

/// For a batch whose logits are not all finite.
[[noreturn]] void throw_not_finite(Context& context, FewShotLearner& learner, const EpisodeSource& source,
                                   const Episodes& bad) {
  EpisodeBatch batch;
  source.batch(bad.first, bad.count, batch);
  throw NotFiniteError(
      "The model's output for episodes {} to {} of the evaluation is not finite; the first bad tensor is {}. Evaluate "
      "another checkpoint of the run; a lower optim.rate or optim.clip_norm usually keeps the numbers in range.",
      bad.first + 1, bad.first + bad.count,
      find_first_bad_tensor(context, learner.parameters(), [&](const TensorWatcher& watcher) {
        learner.predict(context, learner.stage(context, batch, source.pool()), watcher);
      }));
}

}  // namespace

Evaluation evaluate(Context& context, FewShotLearner& learner, const EpisodeSource& source, std::int64_t episodes,
                    std::int64_t batch, const PredictionSink& sink, const std::function<bool()>& keep_going,
                    Ranks& ranks) {
  const auto start = Clock::now();
  Tally tally(source.pool());
  std::int64_t predicted = 0;
  std::optional<Episodes> bad;
  const PredictionSink take = [&](const Prediction& prediction) {
    if (!bad && !all_finite(prediction.logits)) bad = {predicted, prediction.episodes};
    if (bad) return;
    predicted += prediction.episodes;
    tally.add(prediction);
    if (sink) sink(prediction);
  };
  Batches batches(context, learner, source, {episodes, batch});
  const auto goes_on = [&] { return !bad && (!keep_going || keep_going()); };
  if (ranks.is_alone()) {
    batches.predict_all(take, goes_on);
  } else {
    predict_by_turns(batches, ranks, take, goes_on);
  }
  if (bad) throw_not_finite(context, learner, source, *bad);
  Evaluation result = tally.result();
  result.images = batches.images();
  result.seconds = seconds_since(start);
  return result;
}

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  nlohmann::ordered_json object = {{"accuracy", evaluation.accuracy},
                                   {"ci95", evaluation.ci95},
                                   {"episodes", evaluation.episodes},
                                   {"loss", evaluation.loss}};
  add_series(object, "position", evaluation.sequence.by_position);
  add_series(object, "shot", evaluation.sequence.by_shot);
  if (evaluation.two_tasks) add_tasks(object, *evaluation.two_tasks);
  return object;
}

std::string describe_series(const Evaluation& evaluation) {
  if (evaluation.two_tasks) return tasks_table(*evaluation.two_tasks);
  return series_table("accuracy in % at the n-th image of its class:", evaluation.sequence.by_shot) +
         series_table("accuracy in % at each position:", evaluation.sequence.by_position);
}

void PredictionFile::add(const Prediction& prediction) {
  const std::int64_t n = prediction.logits.numel();
  for (std::int64_t i = 0; i < n; ++i) {
    logits_.push_back(prediction.logits.dtype() == DType::f64 ? static_cast<float>(prediction.logits.data<double>()[i])
                                                              : prediction.logits.data<float>()[i]);
  }
  const auto targets = prediction.targets.span<std::int32_t>();
  labels_.insert(labels_.end(), targets.begin(), targets.end());
}

void PredictionFile::write(const std::filesystem::path& path, const std::string& generator) const {
  const std::int64_t per_episode = static_cast<std::int64_t>(labels_.size()) / episodes_;
  const bool single = per_episode == 1;
  const Shape logits_shape = single ? Shape{episodes_, n_way_} : Shape{episodes_, per_episode, n_way_};
  const Shape labels_shape = single ? Shape{episodes_} : Shape{episodes_, per_episode};
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "predictions", 1, generator);
  file.write("/logits", Tensor::of<float>(logits_shape, logits_));
  file.write("/labels", Tensor::of<std::int32_t>(labels_shape, labels_));
  write_file_atomically(path, file.image());
}

}  // namespace srwm
