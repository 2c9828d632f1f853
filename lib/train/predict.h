// Asking a trained model about pictures of one's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ops/context.h"
#include "run/checkpoint.h"
#include "spec/spec.h"

namespace srwm {

struct PredictRequest {
  const Checkpoint& checkpoint;
  const AnySpec& spec;  ///< the checkpoint's
  Context& context;
  std::string data_dir;
  std::filesystem::path support;               ///< a folder with a folder of PNG pictures for each class
  std::vector<std::filesystem::path> queries;  ///< PNG pictures
  bool inverts = false;                        ///< the model is shown dark for bright
  std::uint64_t order_seed = 0;                ///< of the order in which it is shown the support
  std::filesystem::path picture;               ///< a PNG of the episode is written to this file; empty: none is
};

struct PredictAnswer {
  std::filesystem::path query;
  std::vector<double> probabilities;  ///< of each class; they add up to 1

  /// The most probable class, the first of equals.
  std::size_t label() const {
    return static_cast<std::size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
  }
};

struct PredictOutcome {
  std::vector<std::string> classes;    ///< names, sorted
  std::vector<std::int64_t> shots;     ///< pictures of each
  std::vector<PredictAnswer> answers;  ///< in the order of the queries
  std::vector<std::string> remarks;    ///< what differs from how the model was trained, a sentence each
};

}  // namespace srwm
