#include "bench/document.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/version.h"

namespace srwm {
namespace {

nlohmann::ordered_json machine_json(const MachinePeaks& peaks) {
  nlohmann::ordered_json machine = nlohmann::ordered_json::object();
  for (const Precision precision : all_precisions) {
    const double gflops = peaks.gflops_in(precision);
    if (gflops > 0) machine[fmt::format("{}_peak_gflops", name_of(precision))] = gflops;
  }
  machine["copy_peak_gb_per_s"] = peaks.copy_gb_per_s;
  return machine;
}

nlohmann::ordered_json result_json(const BenchResult& result, const MachinePeaks& peaks) {
  const Rates rates(result, peaks);
  nlohmann::ordered_json line = {{"name", result.name},
                                 {"seconds", result.timing.median},
                                 {"best_seconds", result.timing.best},
                                 {"spread_seconds", result.timing.spread},
                                 {"calls", result.timing.calls},
                                 {"repeats", result.timing.repeats}};
  if (rates.items > 0) line[result.item + "_per_second"] = rates.items;
  if (rates.gflops > 0) {
    line["gflops"] = rates.gflops;
    line["precision"] = name_of(result.precision);
    line["share_of_arithmetic_peak"] = rates.share_of_arithmetic;
  }
  if (rates.gb > 0) {
    line["gb_per_s"] = rates.gb;
    line["share_of_copy_peak"] = rates.share_of_copy;
  }
  return line;
}

}  // namespace

Rates::Rates(const BenchResult& result, const MachinePeaks& peaks)
    : items(result.items / result.timing.median),
      gflops(result.flops / result.timing.median * 1e-9),
      gb(result.bytes / result.timing.median * 1e-9),
      share_of_arithmetic(gflops / peaks.gflops_in(result.precision)),
      share_of_copy(gb / peaks.copy_gb_per_s) {}

nlohmann::ordered_json bench_document(const std::string& suite, const MachinePeaks& peaks,
                                      const std::vector<BenchResult>& results) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const BenchResult& result : results) lines.push_back(result_json(result, peaks));
  return {{"generator", generator()}, {"suite", suite}, {"machine", machine_json(peaks)}, {"results", lines}};
}

}  // namespace srwm
