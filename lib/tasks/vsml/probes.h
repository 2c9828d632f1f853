// How a learning rule takes what it has not met: a class that comes late, labels that change their meaning, and what
// happens to its cells (section 5 of arXiv 2012.14905 asks such questions; how it did is not published).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "run/estimate.h"
#include "tasks/vsml/evaluator.h"

namespace srwm {

/// Of the examples at one place, over episodes.
struct ProbeSeries {
  std::vector<Estimate> probability;  ///< of the right class
  std::vector<double> accuracy;
};

/// Changes of c of all sub-RNNs in one episode.
struct CellChange {
  std::vector<double> since_start;  ///< root mean square of c - c_first after each image
  std::vector<double> of_step;      ///< of what the image changed
  /// First three principal components of c over the images of the episode: [images][3], and what share of the variance
  /// over time each explains.
  std::vector<std::vector<double>> components;
  std::vector<double> explained;
  std::vector<std::int32_t> labels;  ///< of the images
};

struct DatasetProbe {
  std::string dataset;
  std::int64_t episodes = 0;
  ProbeSeries new_class;            ///< at the n-th image of the class that comes late
  ProbeSeries other_classes;        ///< at the n-th image of a class that does not
  ProbeSeries swap;                 ///< at each image of an episode whose labels change in mid-stream
  std::vector<Estimate> old_label;  ///< there, the probability of the class as it was numbered before
  CellChange cells;                 ///< empty for a rule without cells
};

struct Probes {
  std::int64_t step = 0;  ///< images before the new class, or before the labels change
  std::int64_t length = 0;
  std::vector<DatasetProbe> datasets;
};

/// Probes the rule on the episodes of a group, dataset by dataset; an episode is that of the group in other order.
/// - New class: images of one class, the episode's number modulo the classes, are left out before image `step`.
/// - Swap: from image `step` on, label y is called y + 1, the last label 0.
/// `step` 0: half of the episode. `count` as in evaluate_streams. UsageError unless `step` lies within an episode;
/// SpecError for few-shot episodes and several sequences.
Probes probe_rule(Context& context, LearningRule& rule, const VsmlData& data, const VsmlSpec& spec,
                  const EvaluatedStreams& streams, std::int64_t step,
                  const std::function<void(std::int64_t)>& count = {});

/// Fields of the result (docs/run_folder.md).
nlohmann::ordered_json to_json(const Probes& probes);
/// The most telling numbers as a table, ending in a newline.
std::string describe(const Probes& probes);

}  // namespace srwm
