// srwm bench: how fast this machine runs what matters, beside what the machine can do at all.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/data_bench.h"
#include "bench/machine.h"
#include "bench/op_bench.h"
#include "bench/step_bench.h"
#include "core/error.h"
#include "core/version.h"
#include "io/file.h"
#include "run/environment.h"
#include "run/statement.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

struct Options {
  std::string suite = "all";
  std::string config, data_dir, out;
  std::vector<std::string> set;
  double seconds = 5;
  bool json = false;
  DeviceOptions device;
};

/// The paper's Omniglot 1-shot model on generated images of the same size.
constexpr const char* default_spec = R"({"name": "bench", "protocol": {"rotations": true},
  "validation": {"every": 0}, "test": {"episodes": 0}})";

struct Measured {
  std::vector<BenchResult> results;
  std::string data_digest;  ///< empty if no suite needed data
};

Measured run_suites(const Options& options, const ExperimentSpec& spec, Context& context) {
  const bool all = options.suite == "all";
  Measured measured;
  std::vector<BenchResult>& results = measured.results;
  const auto append = [&](std::vector<BenchResult> more) {
    results.insert(results.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  if (all || options.suite == "ops") append(bench_ops(context, spec.train.batch, options.seconds));
  if (all || options.suite == "step" || options.suite == "data") {
    const FewShotData data(spec, options.data_dir, context.threads());
    measured.data_digest = data.digest();
    if (options.suite != "data") append(bench_step(spec, context, data, options.seconds));
    if (options.suite != "step") append(bench_data(spec, context, data, options.seconds));
  }
  return measured;
}

nlohmann::ordered_json to_json(const BenchResult& result, const MachinePeaks& peaks) {
  const double seconds = result.timing.median;
  nlohmann::ordered_json line = {{"name", result.name},
                                 {"seconds", seconds},
                                 {"best_seconds", result.timing.best},
                                 {"calls", result.timing.calls}};
  if (result.items > 0) line[result.item + "_per_second"] = result.items / seconds;
  if (result.flops > 0) {
    line["gflops"] = result.flops / seconds * 1e-9;
    line["share_of_fma_peak"] = result.flops / seconds * 1e-9 / peaks.fma_gflops;
  }
  if (result.bytes > 0) {
    line["gb_per_s"] = result.bytes / seconds * 1e-9;
    line["share_of_copy_peak"] = result.bytes / seconds * 1e-9 / peaks.copy_gb_per_s;
  }
  return line;
}

nlohmann::ordered_json document(const std::string& suite, const MachinePeaks& peaks,
                                const std::vector<BenchResult>& results, const Statement& statement) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const BenchResult& result : results) lines.push_back(to_json(result, peaks));
  nlohmann::ordered_json object = {
      {"generator", generator()},
      {"suite", suite},
      {"machine", {{"fma_peak_gflops", peaks.fma_gflops}, {"copy_peak_gb_per_s", peaks.copy_gb_per_s}}},
      {"results", lines}};
  add_statement(object, statement);
  return object;
}

void print_table(const Context& context, const MachinePeaks& peaks, const std::vector<BenchResult>& results) {
  fmt::print("{}, {} threads, simd {}: multiply-add peak {:.0f} GFLOP/s, copy peak {:.1f} GB/s\n\n", cpu_model(),
             context.threads(), peaks.simd, peaks.fma_gflops, peaks.copy_gb_per_s);
  fmt::print("{:<44} {:>11} {:>14} {:>9} {:>7}\n", "", "ms", "per second", "GFLOP/s", "peak");
  for (const BenchResult& result : results) {
    const double seconds = result.timing.median, gflops = result.flops / seconds * 1e-9;
    fmt::print("{:<44} {:>11.3f} {:>14} {:>9} {:>7}\n", result.name, 1000 * seconds,
               result.items > 0 ? fmt::format("{:.0f} {}", result.items / seconds, result.item) : "",
               result.flops > 0 ? fmt::format("{:.1f}", gflops) : "",
               result.flops > 0 ? fmt::format("{:.0f} %", 100 * gflops / peaks.fma_gflops) : "");
  }
}

void execute(const Options& options) {
  const ExperimentSpec spec = options.config.empty() ? parse_spec_text(default_spec, "built-in spec", options.set)
                                                     : load_spec(options.config, options.set);
  const std::unique_ptr<Context> context = make_context(options.device, 1);
  choose_precision(*context, spec.train.precision);
  const MachinePeaks peaks = measure_machine(context->threads());
  const Measured measured = run_suites(options, spec, *context);
  const Statement statement(*context, measured.data_digest, to_json(spec));
  const std::string text = document(options.suite, peaks, measured.results, statement).dump(2) + "\n";
  if (!options.out.empty()) write_file_atomically(options.out, text);
  if (options.json) {
    fmt::print("{}", text);
  } else {
    print_table(*context, peaks, measured.results);
  }
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure the speed of ops, training steps and data on this machine");
  command->add_option("--suite", options->suite, "What to measure")
      ->check(CLI::IsMember({"all", "ops", "step", "data"}))
      ->capture_default_str();
  command->add_option("--config", options->config, "Spec for step and data; default: the paper's Omniglot model")
      ->type_name(takes::spec);
  command->add_option("--set", options->set, "Override a key of the spec (repeatable)")
      ->type_name(takes::setting)
      ->allow_extra_args(false);
  command->add_option("--seconds", options->seconds, "Time per suite")->check(positive())->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--out", options->out, "Write the JSON to this file")->type_name(takes::json_file);
  command->add_option("--data-dir", options->data_dir, "Folder with the packed datasets; else $SRWM_DATA, then ./data")
      ->type_name(takes::folder);
  add_device_options(*command, options->device);
  command->footer(R"(Examples:
  srwm bench --suite step
  srwm bench --suite step --config experiments/omniglot_1shot/srwm.json --threads 1
  srwm bench --json --out bench.json

Shares of peak count direct convolutions and are held against the machine's own multiply-add and copy peaks, measured in
the same run.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
