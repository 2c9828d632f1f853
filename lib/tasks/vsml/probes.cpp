#include "tasks/vsml/probes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/memory.h"
#include "run/progress.h"
#include "run/running_mean.h"
#include "tasks/vsml/principal_components.h"
#include "tasks/vsml/read_out.h"

namespace srwm {
namespace {

/// Images drawn for each one of an episode, so that those of one class can be left out.
constexpr std::int64_t spare = 4;
/// Examples of a class that are looked at.
constexpr std::size_t most_examples = 20;

Estimate estimate_of(const RunningValues& values) {
  return {.value = values.mean(), .ci95 = values.count() < 2 ? std::nullopt : std::optional(values.ci95())};
}

/// Probability and accuracy at the places of a series, of which an episode gives one number each.
class SeriesSum {
 public:
  void add(std::size_t place, double probability, double accuracy) {
    if (place >= probability_.size()) {
      probability_.resize(place + 1);
      accuracy_.resize(place + 1);
    }
    probability_[place].add(probability);
    accuracy_[place].add(accuracy);
  }
  /// The places that at least `episodes` have.
  ProbeSeries series(std::int64_t episodes) const {
    ProbeSeries series;
    for (std::size_t i = 0; i < probability_.size() && probability_[i].count() >= episodes; ++i) {
      series.probability.push_back(estimate_of(probability_[i]));
      series.accuracy.push_back(accuracy_[i].mean());
    }
    return series;
  }

 private:
  std::vector<RunningValues> probability_, accuracy_;
};

/// Logits of a batch, asked for one image at a time.
class Predictions {
 public:
  explicit Predictions(Tensor logits) : logits_(std::move(logits)) {}
  double probability(std::int64_t episode, std::int64_t t, std::int32_t label) const {
    return std::exp(-cross_entropy(at(episode, t), label));
  }
  double is_right(std::int64_t episode, std::int64_t t, std::int32_t label) const {
    return srwm::is_right(at(episode, t), label) ? 1 : 0;
  }

 private:
  std::span<const float> at(std::int64_t episode, std::int64_t t) const {
    const std::int64_t classes = logits_.dim(2);
    return {logits_.data<float>() + (episode * logits_.dim(1) + t) * classes, static_cast<std::size_t>(classes)};
  }
  Tensor logits_;
};

/// Which of the images of a pool make an episode whose class `late` is not met before image `step`. A pool that ends
/// begins again.
std::vector<std::int64_t> late_order(std::span<const std::int32_t> pool, std::int32_t late, std::int64_t step,
                                     std::int64_t length) {
  std::vector<std::int64_t> order;
  const std::int64_t size = std::ssize(pool);
  std::int64_t at = 0;
  for (std::int64_t t = 0; t < length; ++t, ++at) {
    for (std::int64_t skipped = 0; t < step && skipped < size; ++skipped, ++at) {
      if (pool[static_cast<std::size_t>(at % size)] != late) break;
    }
    order.push_back(at % size);
  }
  return order;
}

std::vector<std::int64_t> plain_order(std::int64_t length) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(length));
  for (std::size_t t = 0; t < order.size(); ++t) order[t] = static_cast<std::int64_t>(t);
  return order;
}

/// The images of each episode of a pool in an order of its own.
template <typename OrderOf>
OnlineBatch arranged(const OnlineBatch& pool, std::int64_t length, const OrderOf& order_of) {
  const std::int64_t episodes = pool.episodes(), inputs = pool.shape.inputs;
  OnlineBatch batch{.ids = pool.ids,
                    .shape = pool.shape,
                    .x = Tensor::owning({episodes, length, inputs}, DType::f32),
                    .labels = Tensor::owning({episodes, length}, DType::i32)};
  for (std::int64_t e = 0; e < episodes; ++e) {
    const std::vector<std::int64_t> order = order_of(e);
    for (std::int64_t t = 0; t < length; ++t) {
      const std::int64_t from = order[static_cast<std::size_t>(t)];
      std::copy_n(pool.inputs_of(e).data() + from * inputs, inputs, batch.x.data<float>() + (e * length + t) * inputs);
      batch.labels.data<std::int32_t>()[e * length + t] = pool.labels_of(e)[static_cast<std::size_t>(from)];
    }
  }
  return batch;
}

/// One dataset's episodes through all probes.
class Prober {
 public:
  Prober(Context& context, LearningRule& rule, const Probes& probes, std::string dataset)
      : context_(context), rule_(rule), step_(probes.step), length_(probes.length), dataset_(std::move(dataset)) {}

  void add(const OnlineBatch& pool) {
    episodes_ += pool.episodes();
    add_new_class(pool);
    add_swap(pool);
    if (cells_.since_start.empty() && rule_.cells(pool.shape) > 0) follow_cells(pool);
  }

  DatasetProbe result() {
    DatasetProbe probe{.dataset = dataset_, .episodes = episodes_};
    const std::int64_t enough = (episodes_ + 1) / 2;
    probe.new_class = new_class_.series(enough);
    probe.other_classes = other_classes_.series(enough);
    probe.swap = swap_.series(1);
    probe.old_label = old_label_.series(1).probability;
    probe.cells = std::move(cells_);
    return probe;
  }

 private:
  Predictions predict(const OnlineBatch& batch) {
    context_.rewind();
    return Predictions(finite_logits(context_, rule_.run(context_, batch, {}), batch, dataset_));
  }

  void add_new_class(const OnlineBatch& pool) {
    const auto late = [&](std::int64_t e) {
      return static_cast<std::int32_t>(pool.ids[static_cast<std::size_t>(e)].number % pool.shape.classes);
    };
    const OnlineBatch batch =
        arranged(pool, length_, [&](std::int64_t e) { return late_order(pool.labels_of(e), late(e), step_, length_); });
    const Predictions predictions = predict(batch);
    for (std::int64_t e = 0; e < batch.episodes(); ++e) {
      std::vector<std::size_t> met(static_cast<std::size_t>(batch.shape.classes));
      std::vector<RunningValues> probability(most_examples), accuracy(most_examples);  // of the other classes
      for (std::int64_t t = 0; t < length_; ++t) {
        const std::int32_t label = batch.labels_of(e)[static_cast<std::size_t>(t)];
        const std::size_t n = met[static_cast<std::size_t>(label)]++;
        if (n >= most_examples) continue;
        const double p = predictions.probability(e, t, label), hit = predictions.is_right(e, t, label);
        if (label == late(e)) {
          new_class_.add(n, p, hit);
        } else {
          probability[n].add(p);
          accuracy[n].add(hit);
        }
      }
      for (std::size_t n = 0; n < most_examples; ++n) {
        if (probability[n].count() == 0) break;
        other_classes_.add(n, probability[n].mean(), accuracy[n].mean());
      }
    }
  }

  void add_swap(const OnlineBatch& pool) {
    const OnlineBatch plain = arranged(pool, length_, [&](std::int64_t) { return plain_order(length_); });
    OnlineBatch batch = plain;
    batch.labels = Tensor::of<std::int32_t>(plain.labels.shape(), plain.labels.span<std::int32_t>());
    const auto classes = static_cast<std::int32_t>(batch.shape.classes);
    for (std::int64_t i = 0; i < batch.labels.numel(); ++i) {
      std::int32_t& label = batch.labels.data<std::int32_t>()[i];
      if (i % length_ >= step_) label = (label + 1) % classes;
    }
    const Predictions predictions = predict(batch);
    for (std::int64_t e = 0; e < batch.episodes(); ++e) {
      for (std::int64_t t = 0; t < length_; ++t) {
        const auto at = static_cast<std::size_t>(t);
        const std::int32_t label = batch.labels_of(e)[at], old = plain.labels_of(e)[at];
        swap_.add(at, predictions.probability(e, t, label), predictions.is_right(e, t, label));
        old_label_.add(at, predictions.probability(e, t, old), predictions.is_right(e, t, old));
      }
    }
  }

  /// Runs the first episode an image at a time.
  void follow_cells(const OnlineBatch& pool) {
    const std::int64_t cells = rule_.cells(pool.shape), inputs = pool.shape.inputs;
    require_memory(sizeof(float) * static_cast<double>(cells) * static_cast<double>(length_ + 1),
                   fmt::format("{} cells after each of {} images", cells, length_), "Choose a shorter test.length.");
    OnlineBatch batch{.ids = {pool.ids.front()}, .shape = pool.shape};
    batch.first_cells = rule_.first_cells(context_, pool).rows(0, 1);
    Trajectory c(cells, *batch.first_cells);
    for (std::int64_t t = 0; t < length_; ++t) {
      context_.rewind();
      batch.x = pool.x.reshaped({pool.x.numel() / inputs, 1, inputs}).rows(t, t + 1);
      batch.labels = pool.labels.reshaped({pool.labels.numel(), 1}).rows(t, t + 1);
      cells_.labels.push_back(*batch.labels.data<std::int32_t>());
      const Tensor state = floats_on_host(context_, rule_.run(context_, batch, {}).state);
      c.add(rule_.cells_in(context_, batch.shape, state).c);
      batch.state = Tensor::of<float>(state.shape(), state.span<float>());
    }
    c.describe(cells_);
  }

  /// c of an episode from the beginning on.
  class Trajectory {
   public:
    Trajectory(std::int64_t cells, const Tensor& first) : cells_(static_cast<std::size_t>(cells)) { add(first); }
    void add(const Tensor& c) { rows_.emplace_back(c.span<float>().begin(), c.span<float>().end()); }

    void describe(CellChange& change) const {
      const std::size_t n = rows_.size() - 1;
      std::vector<double> products(n * n);
      for (std::size_t i = 0; i < n; ++i) {
        change.since_start.push_back(distance(rows_[i + 1], rows_[0]));
        change.of_step.push_back(distance(rows_[i + 1], rows_[i]));
        for (std::size_t j = 0; j <= i; ++j) {
          products[i * n + j] = products[j * n + i] = product(rows_[i + 1], rows_[j + 1]) / static_cast<double>(cells_);
        }
      }
      PrincipalComponents components = principal_components(std::move(products), n, 3);
      change.components = std::move(components.scores);
      change.explained = std::move(components.explained);
    }

   private:
    double distance(const std::vector<float>& x, const std::vector<float>& y) const {
      double sum = 0;
      for (std::size_t i = 0; i < cells_; ++i) sum += std::pow(static_cast<double>(x[i] - y[i]), 2);
      return std::sqrt(sum / static_cast<double>(cells_));
    }
    /// Of the changes since the beginning.
    double product(const std::vector<float>& x, const std::vector<float>& y) const {
      double sum = 0;
      for (std::size_t i = 0; i < cells_; ++i) {
        sum += static_cast<double>(x[i] - rows_[0][i]) * static_cast<double>(y[i] - rows_[0][i]);
      }
      return sum;
    }

    std::size_t cells_;
    std::vector<std::vector<float>> rows_;
  };

  Context& context_;
  LearningRule& rule_;
  std::int64_t step_, length_, episodes_ = 0;
  std::string dataset_;
  SeriesSum new_class_, other_classes_, swap_, old_label_;
  CellChange cells_;
};

void check_probes(const VsmlSpec& spec, const Probes& probes) {
  if (spec.episode.kind != EpisodeKind::stream) {
    throw UsageError("Probes need streams; the spec's episode.kind is \"{}\".", name_of(spec.episode.kind));
  }
  if (probes.step < 1 || probes.step >= probes.length) {
    throw UsageError("An episode has {} images: the step of a probe must be from 1 to {}.", probes.length,
                     probes.length - 1);
  }
}

nlohmann::ordered_json series_json(const ProbeSeries& series) {
  nlohmann::ordered_json object = {{"probability", nlohmann::json::array()}, {"ci95", nlohmann::json::array()}};
  for (const Estimate& estimate : series.probability) {
    object["probability"].push_back(estimate.value);
    object["ci95"].push_back(estimate.ci95 ? nlohmann::ordered_json(*estimate.ci95) : nlohmann::ordered_json());
  }
  object["accuracy"] = series.accuracy;
  return object;
}

nlohmann::ordered_json cells_json(const CellChange& cells) {
  return {{"change", cells.since_start},
          {"change_of_step", cells.of_step},
          {"components", cells.components},
          {"explained", cells.explained},
          {"labels", cells.labels}};
}

/// "31.0, 62.5, 70.1"
std::string first_percents(const ProbeSeries& series) {
  std::string text;
  for (std::size_t n = 0; n < std::min<std::size_t>(5, series.probability.size()); ++n) {
    text += fmt::format("{}{:.1f}", n > 0 ? ", " : "", 100 * series.probability[n].value);
  }
  return text.empty() ? "-" : text;
}

double mean_accuracy(const ProbeSeries& series, std::int64_t first, std::int64_t last) {
  double sum = 0;
  for (std::int64_t t = first; t < last; ++t) sum += series.accuracy[static_cast<std::size_t>(t)];
  return 100 * sum / static_cast<double>(last - first);
}

}  // namespace

Probes probe_rule(Context& context, LearningRule& rule, const VsmlData& data, const VsmlSpec& spec,
                  const EvaluatedStreams& streams, std::int64_t step, const std::function<void(std::int64_t)>& count) {
  const StreamTestSpec& group = streams.group == "test" ? spec.test : spec.validation;
  Probes probes{.step = step > 0 ? step : group.length / 2, .length = group.length};
  check_probes(spec, probes);
  const EpisodeLength pool{.images = spare * probes.length};
  const std::int64_t at_once = episodes_at_once(context, pool);
  std::vector<OnlineBatch> batches;
  for (const std::string& dataset : group.streams.datasets) {
    const auto stream = data.evaluation(spec, group, streams.group, dataset, streams.split, streams.seed);
    Prober prober(context, rule, probes, dataset);
    for (std::int64_t first = 0; first < group.episodes; first += at_once) {
      std::vector<std::int64_t> numbers;
      for (std::int64_t e = first; e < std::min(first + at_once, group.episodes); ++e) numbers.push_back(e);
      draw_batches(*stream, numbers, pool, context.threads(), batches);
      for (const OnlineBatch& batch : batches) prober.add(batch);
      if (count) count(std::ssize(numbers));
    }
    probes.datasets.push_back(prober.result());
  }
  return probes;
}

nlohmann::ordered_json to_json(const Probes& probes) {
  nlohmann::ordered_json object = {{"step", probes.step}, {"length", probes.length}};
  for (const DatasetProbe& probe : probes.datasets) {
    nlohmann::ordered_json dataset = {{"name", probe.dataset}, {"episodes", probe.episodes}};
    dataset["new_class"] = series_json(probe.new_class);
    dataset["other_classes"] = series_json(probe.other_classes);
    dataset["swap"] = series_json(probe.swap);
    dataset["swap"]["old_probability"] = nlohmann::json::array();
    for (const Estimate& old : probe.old_label) dataset["swap"]["old_probability"].push_back(old.value);
    if (!probe.cells.since_start.empty()) dataset["cells"] = cells_json(probe.cells);
    object["datasets"].push_back(std::move(dataset));
  }
  return object;
}

std::string describe(const Probes& probes) {
  const std::int64_t step = probes.step, window = std::min<std::int64_t>({10, step, probes.length - step});
  std::string text;
  for (const DatasetProbe& probe : probes.datasets) {
    text += fmt::format("{}, {}, {} images, the new class and the other labels from image {} on\n", probe.dataset,
                        episodes_text(probe.episodes), format_count(probes.length), format_count(step + 1));
    text +=
        fmt::format("  probability of a new class at its 1st to 5th image    {} %\n", first_percents(probe.new_class));
    text += fmt::format("  the same of the classes met from the beginning on     {} %\n",
                        first_percents(probe.other_classes));
    text += fmt::format("  accuracy over {} images before and after the swap      {:.1f} %, {:.1f} %\n", window,
                        mean_accuracy(probe.swap, step - window, step), mean_accuracy(probe.swap, step, step + window));
    text += fmt::format("  over the last {}                                       {:.1f} %\n", window,
                        mean_accuracy(probe.swap, probes.length - window, probes.length));
    if (probe.cells.since_start.empty()) continue;
    text += fmt::format("  change of the cells after the first and the last image {:.4f}, {:.4f}\n",
                        probe.cells.since_start.front(), probe.cells.since_start.back());
    text += fmt::format("  variance explained by the first three components      {:.0f} %, {:.0f} %, {:.0f} %\n",
                        100 * probe.cells.explained[0], 100 * probe.cells.explained[1], 100 * probe.cells.explained[2]);
  }
  return text;
}

}  // namespace srwm
