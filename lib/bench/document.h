// A benchmark's results as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/machine.h"
#include "bench/result.h"

namespace srwm {

/// What a figure comes to per second, and as a share of the machine's peaks.
struct Rates {
  Rates(const BenchResult& result, const MachinePeaks& peaks);
  double items = 0, gflops = 0, gb = 0;  ///< a second; 0: not counted
  double share_of_arithmetic = 0;        ///< of the peak of the result's precision
  double share_of_copy = 0;
};

/// {"suite", "machine": peaks, "results": [{"name", "seconds" (median), "best_seconds", "spread_seconds", "calls",
/// "repeats", rates and shares}]}.
nlohmann::ordered_json bench_document(const std::string& suite, const MachinePeaks& peaks,
                                      const std::vector<BenchResult>& results);

}  // namespace srwm
