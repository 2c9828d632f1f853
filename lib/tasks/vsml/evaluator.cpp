#include "tasks/vsml/evaluator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/finite.h"
#include "run/progress.h"
#include "tasks/vsml/read_out.h"

namespace srwm {
namespace {

/// Windows of a curve in result.json.
constexpr std::int64_t windows = 100;
/// Images of a batch at most, so that long episodes do not take all memory.
constexpr std::int64_t most_images = 16'384;

const StreamTestSpec& group_of(const VsmlSpec& spec, std::string_view group) {
  return group == "test" ? spec.test : spec.validation;
}

template <typename Of>
double mean_over(const std::vector<StreamEvaluation>& datasets, const Of& of) {
  double sum = 0;
  for (const StreamEvaluation& dataset : datasets) sum += of(dataset);
  return sum / static_cast<double>(datasets.size());
}

/// One evaluation on the stream of one dataset.
class StreamRun {
 public:
  StreamRun(Context& context, LearningRule& rule, OnlineStream& stream, const EpisodeLength& length)
      : context_(context), rule_(rule), stream_(stream), length_(length) {}

  /// Calls `add(logits, e, labels)` for episodes `first` .. `first` + `count` - 1 in their order.
  template <typename Add>
  void run(const std::string& dataset, std::int64_t first, std::int64_t count, const Add& add) {
    numbers_.resize(static_cast<std::size_t>(count));
    std::iota(numbers_.begin(), numbers_.end(), first);
    context_.rewind();
    draw_batches(stream_, numbers_, length_, context_.threads(), batches_);
    for (const OnlineBatch& batch : batches_) {
      const Tensor logits = finite_logits(context_, rule_.run(context_, batch, {}), batch, dataset);
      for (std::int64_t e = 0; e < batch.episodes(); ++e) add(logits, e, batch.labels_of(e));
    }
  }

 private:
  Context& context_;
  LearningRule& rule_;
  OnlineStream& stream_;
  EpisodeLength length_;
  std::vector<std::int64_t> numbers_;
  std::vector<OnlineBatch> batches_;
};

/// An episode on its way to other ranks: shape of its logits, labels, logits.
void append_episode(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels, Bytes& message) {
  const auto append = [&](const void* from, std::size_t count) {
    const auto* bytes = static_cast<const std::byte*>(from);
    message.insert(message.end(), bytes, bytes + count);
  };
  const std::array<std::int64_t, 3> shape{std::ssize(labels) / logits.dim(1), logits.dim(1), logits.dim(2)};
  append(&shape, sizeof shape);
  append(labels.data(), labels.size_bytes());
  const Tensor of_run = logits.rows(run * shape[0], (run + 1) * shape[0]);
  append(of_run.raw(), of_run.bytes());
}

void add_episodes(std::span<const std::byte> message, StreamEvaluation& evaluation) {
  const auto take = [&](void* to, std::size_t count) {
    std::memcpy(to, message.data(), count);
    message = message.subspan(count);
  };
  std::vector<std::int32_t> labels;
  while (!message.empty()) {
    std::array<std::int64_t, 3> shape{};
    take(&shape, sizeof shape);
    labels.resize(static_cast<std::size_t>(shape[0] * shape[1]));
    take(labels.data(), labels.size() * sizeof(std::int32_t));
    Tensor logits = Tensor::owning({shape[0], shape[1], shape[2]}, DType::f32);
    take(logits.raw(), logits.bytes());
    evaluation.add(logits, 0, labels);
  }
}

/// Half-open ranges of images, `window` at a time.
template <typename Body>
void for_each_window(std::int64_t length, std::int64_t window, const Body& body) {
  for (std::int64_t first = 0; first < length; first += window) body(first, std::min(length, first + window));
}

std::int64_t window_of(std::int64_t length) {
  return (length + windows - 1) / windows;
}

nlohmann::ordered_json dataset_json(const StreamEvaluation& evaluation) {
  nlohmann::ordered_json object = {
      {"name", evaluation.dataset}, {"episodes", evaluation.episodes()}, {"length", evaluation.length()}};
  add_total(object, evaluation.accuracy);
  add_estimate(object, "late_accuracy", {evaluation.late_accuracy.mean(), evaluation.late_accuracy.ci95()});
  object["loss"] = evaluation.loss();
  const std::int64_t window = window_of(evaluation.length());
  object["window"] = window;
  object["accuracy_by_window"] = evaluation.by_window(window);
  return object;
}

/// What rank 0 has.
std::int64_t same_on_all(Ranks& ranks, std::int64_t value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  ranks.broadcast(bytes);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

bool all_go_on(Ranks& ranks, bool goes_on) {
  const Bytes mine{std::byte{goes_on}};
  return std::ranges::all_of(ranks.all_gather(mine), [](const Bytes& other) { return other[0] != std::byte{0}; });
}

}  // namespace

Tensor finite_logits(Context& context, const RuleOutput& output, const OnlineBatch& batch, const std::string& dataset) {
  Tensor logits = floats_on_host(context, output.logits);
  if (all_finite(logits)) return logits;
  throw NotFiniteError(
      "A logit of episodes {} to {} on {} is not finite. Evaluate another checkpoint of the run; a lower optim.rate or "
      "optim.clip_norm usually keeps the numbers in range.",
      batch.ids.front().number + 1, batch.ids.back().number + 1, dataset);
}

std::int64_t episodes_at_once(const Context& context, const EpisodeLength& length) {
  return std::clamp<std::int64_t>(most_images / (length.images * length.streams), 1,
                                  std::int64_t{8} * context.threads());
}

double StreamEvaluation::loss() const {
  return std::accumulate(loss_by_step.begin(), loss_by_step.end(), 0.0) / static_cast<double>(episodes() * length());
}

std::vector<double> StreamEvaluation::by_window(std::int64_t window) const {
  std::vector<double> means;
  for_each_window(length(), window, [&](std::int64_t first, std::int64_t last) {
    double sum = 0;
    for (std::int64_t t = first; t < last; ++t) sum += by_step[static_cast<std::size_t>(t)].mean();
    means.push_back(sum / static_cast<double>(last - first));
  });
  return means;
}

void StreamEvaluation::add(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels) {
  const auto length = static_cast<std::size_t>(logits.dim(1)), classes = static_cast<std::size_t>(logits.dim(2));
  const std::size_t streams = labels.size() / length, late_from = length - late_images(length);
  const float* row = logits.data<float>() + static_cast<std::size_t>(run) * labels.size() * classes;
  by_step.resize(length);
  loss_by_step.resize(length);
  std::int64_t right = 0, late = 0;
  for (std::size_t t = 0; t < length; ++t) {
    std::int64_t hits = 0;
    for (std::size_t i = t; i < labels.size(); i += length) {
      const std::span<const float> of_image(row + i * classes, classes);
      hits += is_right(of_image, labels[i]) ? 1 : 0;
      loss_by_step[t] += cross_entropy(of_image, labels[i]) / static_cast<double>(streams);
    }
    by_step[t].add(hits, static_cast<std::int64_t>(streams));
    right += hits;
    if (t >= late_from) late += hits;
  }
  accuracy.add(right, static_cast<std::int64_t>(labels.size()));
  late_accuracy.add(late, static_cast<std::int64_t>((length - late_from) * streams));
}

Estimate StreamEvaluations::accuracy() const {
  std::vector<Estimate> all;
  for (const StreamEvaluation& dataset : datasets) all.push_back({dataset.accuracy.mean(), dataset.accuracy.ci95()});
  return mean_of(all);
}

double StreamEvaluations::late_accuracy() const {
  return mean_over(datasets, [](const StreamEvaluation& dataset) { return dataset.late_accuracy.mean(); });
}

double StreamEvaluations::loss() const {
  return mean_over(datasets, [](const StreamEvaluation& dataset) { return dataset.loss(); });
}

std::string StreamEvaluations::one_line() const {
  std::string parts;
  for (const StreamEvaluation& dataset : datasets) {
    parts += fmt::format("{}{} {:.2f} %", parts.empty() ? "" : ", ", dataset.dataset, 100 * dataset.accuracy.mean());
  }
  const Estimate mean = accuracy();
  return fmt::format("accuracy {} ({}), loss {:.4f}", percent_text(mean.value, mean.ci95.value_or(NAN)), parts, loss());
}

StreamEvaluations evaluate_streams(Context& context, LearningRule& rule, const VsmlData& data, const VsmlSpec& spec,
                                   const EvaluatedStreams& streams, const std::function<void(std::int64_t)>& count,
                                   const KeepGoing& keep_going, Ranks& ranks) {
  const StreamTestSpec& group = group_of(spec, streams.group);
  const EpisodeLength length = evaluation_length(spec, group);
  const std::int64_t at_once = same_on_all(ranks, episodes_at_once(context, length));
  StreamEvaluations result;
  for (const std::string& dataset : group.streams.datasets) {
    const auto stream = data.evaluation(spec, group, streams.group, dataset, streams.split, streams.seed);
    StreamRun run(context, rule, *stream, length);
    StreamEvaluation& evaluation = result.datasets.emplace_back(StreamEvaluation{.dataset = dataset});
    for (std::int64_t first = 0; first < group.episodes; first += ranks.size() * at_once) {
      const std::int64_t last = std::min(group.episodes, first + ranks.size() * at_once);
      const std::int64_t mine = std::min(last, first + ranks.rank() * at_once);
      Bytes message;
      const bool goes_on = !keep_going || keep_going();
      if (goes_on && mine < last) {
        run.run(dataset, mine, std::min(at_once, last - mine),
                [&](const Tensor& logits, auto e, auto labels) { append_episode(logits, e, labels, message); });
      }
      if (!all_go_on(ranks, goes_on)) return {std::move(result.datasets), false};
      for (const Bytes& episodes : ranks.all_gather(message)) add_episodes(episodes, evaluation);
      if (count) count(last - first);
    }
  }
  return result;
}

nlohmann::ordered_json to_json(const StreamEvaluations& evaluations) {
  nlohmann::ordered_json object;
  add_estimate(object, "accuracy", evaluations.accuracy());
  object["late_accuracy"] = evaluations.late_accuracy();
  object["loss"] = evaluations.loss();
  object["episodes"] = evaluations.datasets.front().episodes();
  for (const StreamEvaluation& dataset : evaluations.datasets) object["datasets"].push_back(dataset_json(dataset));
  return object;
}

std::string describe(const StreamEvaluations& evaluations) {
  std::string text = fmt::format("{:<20} {:>18} {:>18} {:>8}  {}\n", "dataset", "accuracy", "last tenth", "loss", "");
  for (const StreamEvaluation& dataset : evaluations.datasets) {
    text += fmt::format("{:<20} {:>18} {:>18} {:>8.4f}  {} of {} images\n", dataset.dataset,
                        percent_text(dataset.accuracy.mean(), dataset.accuracy.ci95()),
                        percent_text(dataset.late_accuracy.mean(), dataset.late_accuracy.ci95()), dataset.loss(),
                        episodes_text(dataset.episodes()), format_count(dataset.length()));
  }
  return text;
}

}  // namespace srwm
