// srwm bench: how fast this machine runs what matters, beside what the machine can do at all.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bench/compare.h"
#include "bench/data_bench.h"
#include "bench/document.h"
#include "bench/exchange_bench.h"
#include "bench/kernel_bench.h"
#include "bench/machine.h"
#include "bench/step_bench.h"
#include "bench/train_bench.h"
#include "comm/thread_ranks.h"
#include "core/error.h"
#include "core/json_text.h"
#include "io/file.h"
#include "ops/backend.h"
#include "run/host.h"
#include "run/statement.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/ranks_of_run.h"
#include "srwm/session.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

const std::vector<std::string> default_suites = {"kernels", "step", "train", "data"};
const std::vector<std::string> all_suites = {"kernels", "step", "train", "data", "exchange"};

struct BenchArguments {
  std::vector<std::string> suites = default_suites;
  std::string config, data_dir, out;
  std::vector<std::string> set, compare;
  double seconds = 5;
  bool json = false;
  DeviceOptions device;
  RankOptions ranks;

  bool has(const char* suite) const { return std::ranges::find(suites, suite) != suites.end(); }
};

/// The paper's Omniglot 1-shot model on generated images of the same size.
constexpr const char* default_spec = R"({"name": "bench", "protocol": {"rotations": true},
  "validation": {"every": 0}, "test": {"episodes": 0}})";

struct Measured {
  std::vector<BenchResult> results;
  std::string data_digest;  ///< empty if no suite needed data
};

Measured run_suites(const BenchArguments& options, const AnySpec& spec, Context& context, Ranks& ranks) {
  Measured measured;
  const auto append = [&](std::vector<BenchResult> more) {
    measured.results.insert(measured.results.end(), std::make_move_iterator(more.begin()),
                            std::make_move_iterator(more.end()));
  };
  if (options.has("exchange")) append(bench_exchange(context, ranks, options.seconds));
  if (!ranks.is_first()) return measured;
  if (options.has("kernels")) append(bench_kernels(context, options.seconds));
  if (!options.has("step") && !options.has("train") && !options.has("data")) return measured;
  const TaskType& type = type_of(spec);
  const std::shared_ptr<const TaskData> data = type.open_data(spec, options.data_dir, context.threads());
  measured.data_digest = data->digest();
  const LoopOptions loop = spec.loop();
  if (options.has("step")) {
    const std::unique_ptr<Task> task = type.make(spec, context, data, no_other_ranks());
    append(bench_step(context, *task, loop, spec.seed, options.seconds));
  }
  if (options.has("train")) append({bench_train(spec, type, context, data, options.seconds)});
  if (options.has("data")) {
    const std::unique_ptr<Task> task = type.make(spec, context, data, no_other_ranks());
    append(bench_data(context, *task, loop.passes(), options.seconds));
  }
  return measured;
}

std::string describe(const Context& context, const MachinePeaks& peaks) {
  if (context.device().kind == Device::Kind::cpu) {
    return fmt::format("{}, {} threads, simd {}: multiply-add peak {:.0f} GFLOP/s, copy peak {:.1f} GB/s", cpu_model(),
                       context.threads(), peaks.simd, peaks.gflops_in(Precision::fp32), peaks.copy_gb_per_s);
  }
  return fmt::format("{}: matrix products at {:.0f} (fp32), {:.0f} (tf32), {:.0f} (bf16) GFLOP/s, copy at {:.0f} GB/s",
                     context.backend().device_name, peaks.gflops_in(Precision::fp32), peaks.gflops_in(Precision::tf32),
                     peaks.gflops_in(Precision::bf16), peaks.copy_gb_per_s);
}

void print_table(const MachinePeaks& peaks, const std::vector<BenchResult>& results) {
  const auto number = [](double value, const char* format) {
    return value > 0 ? fmt::format(fmt::runtime(format), value) : std::string();
  };
  fmt::print("{:<52} {:>11} {:>14} {:>10} {:>7} {:>8} {:>7}\n", "", "ms", "per second", "GFLOP/s", "peak", "GB/s",
             "copy");
  for (const BenchResult& result : results) {
    const Rates rates(result, peaks);
    fmt::print("{:<52} {:>11.4f} {:>14} {:>10} {:>7} {:>8} {:>7}\n", result.name, 1000 * result.timing.median,
               result.items > 0 ? fmt::format("{:.0f} {}", rates.items, result.item) : "",
               number(rates.gflops, "{:.1f}"), number(100 * rates.share_of_arithmetic, "{:.0f} %"),
               number(rates.gb, "{:.1f}"), number(100 * rates.share_of_copy, "{:.0f} %"));
  }
}

/// Only rank 0 measures anything but the exchange, and prints.
void measure(const BenchArguments& options, Ranks& ranks) {
  const std::unique_ptr<AnySpec> spec = options.config.empty()
                                            ? parse_any_spec_text(default_spec, "built-in spec", options.set)
                                            : load_any_spec(options.config, options.set);
  const std::unique_ptr<Context> context = make_context(options.device, 1);
  choose_precision(*context, spec->loop().precision);
  const MachinePeaks peaks = ranks.is_first() ? measure_machine(*context) : MachinePeaks();
  const Measured measured = run_suites(options, *spec, *context, ranks);
  if (!ranks.is_first()) return;
  nlohmann::ordered_json document =
      bench_document(fmt::format("{}", fmt::join(options.suites, ",")), peaks, measured.results);
  add_statement(document, Statement(*context, measured.data_digest, to_json(*spec)));
  const std::string text = json_text(document, 2) + "\n";
  if (!options.out.empty()) write_file_atomically(options.out, text);
  if (options.json) {
    fmt::print("{}", text);
  } else {
    fmt::print("{}\n\n", describe(*context, peaks));
    print_table(peaks, measured.results);
  }
}

void measure_on_ranks(const BenchArguments& options) {
  const std::optional<Launch> launch = launch_of(options.ranks);
  if (!launch) return run_thread_ranks(options.ranks.count, [&](Ranks& ranks) { measure(options, ranks); });
  Logger logger;
  StopRequest stop;
  run_as_process(*launch, options.ranks, logger, stop, [&](ProcessRanks& ranks) { measure(options, ranks); });
}

void run_bench(const BenchArguments& options) {
  if (options.compare.empty())
    return options.has("exchange") ? measure_on_ranks(options) : measure(options, no_other_ranks());
  fmt::print("{}", describe(compare_benchmarks(options.compare[0], options.compare[1])));
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto options = std::make_shared<BenchArguments>();
  CLI::App* command = app.add_subcommand("bench", "Measure the speed of ops, training and data on this machine");
  command->add_option("--suite", options->suites, "What to measure (repeatable); default: all but exchange")
      ->check(CLI::IsMember(all_suites))
      ->allow_extra_args(false);
  takes_path(command->add_option("--config", options->config,
                                 "Spec for step, train and data; default: the paper's Omniglot model"),
             PathUse::input, takes::spec);
  command->add_option("--set", options->set, "Override a key of the spec (repeatable)")
      ->type_name(takes::setting)
      ->allow_extra_args(false);
  command->add_option("--seconds", options->seconds, "Time per suite")->check(positive())->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  takes_path(command->add_option("--out", options->out, "Write the JSON to this file"), PathUse::output,
             takes::json_file);
  takes_path(command->add_option("--data-dir", options->data_dir,
                                 "Folder with the packed datasets; else $SRWM_DATA, then ./data"),
             PathUse::input, takes::folder);
  takes_path(command->add_option("--compare", options->compare,
                                 "Measure nothing; compare two files of --out, the older first"),
             PathUse::input, takes::json_file)
      ->expected(2);
  add_device_options(*command, options->device);
  add_rank_options(*command, options->ranks);
  command->footer(R"(Examples:
  srwm bench --suite step
  srwm bench --suite step --config experiments/omniglot_1shot/srwm.json --threads 1
  srwm bench --suite exchange --ranks 4
  mpirun -np 4 srwm bench --suite exchange
  srwm bench --json --out bench.json
  srwm bench --compare before.json after.json

kernels: single ops. step: training steps, and where their time goes. train: whole training with reports. data: getting and
staging what a step needs. exchange: what ranks send each other, and the sum of their gradients. Shares are of the machine's own peaks, measured in the same run; convolutions count as direct ones.)");
  command->callback([options] { run_bench(*options); });
}

}  // namespace srwm
