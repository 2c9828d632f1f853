#include "srwm/ranks_of_run.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <new>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "core/error.h"
#include "core/threads.h"
#include "core/utf8.h"
#include "core/version.h"
#include "io/terminal.h"
#include "ops/cpu/simd_request.h"
#include "run/arithmetic.h"
#include "run/host.h"

namespace srwm {
namespace {

/// What every rank says of itself, one after the other.
enum Said : std::size_t { program, spec, data, device, blas, said };

std::string place(const Ranks& ranks, std::size_t rank) {
  return fmt::format("rank {} on {}", rank, ranks.host(static_cast<int>(rank)));
}

/// "0-7,16": those in the affinity mask.
std::string allowed_processors() {
  constexpr std::string_view label = "Cpus_allowed_list:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(label)) return line.substr(label.size());
  }
  return {};
}

[[noreturn]] void refuse_difference(Said what, const std::string& there, const std::string& here,
                                    const std::array<std::string, 2>& values) {
  switch (what) {
    case program:
      throw UsageError(
          "All ranks must be the same program, but {} is {} and {} is {}. Install the same version on all "
          "machines.",
          there, values[0], here, values[1]);
    case spec:
      throw UsageError("The spec of {} is not that of {}. Give all ranks the same file and options.", there, here);
    default:
      throw DataError("The data of {} are not those of {}: digest {} against {}. Copy the same files to all machines.",
                      there, here, values[0], values[1]);
  }
}

[[noreturn]] void leave_as(ProcessRanks& ranks, const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) ranks.fail(static_cast<int>(known->code()), error.what());
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    ranks.fail(static_cast<int>(ExitCode::device),
               "Out of memory. Use fewer ranks on this machine, or a smaller train.batch.");
  }
  ranks.fail(internal_error_exit_code, fmt::format("internal error: {}\n{}", error.what(), bug_report_request));
}

}  // namespace

std::optional<Launch> launch_of(const RankOptions& options) {
  if (options.engine == "none") return std::nullopt;
  std::optional<Launch> launch = find_launch();
  if (launch && options.count > 1) {
    throw UsageError("{} started {} ranks, and --ranks asks for {} in each. Drop one of the two.", launch->launcher,
                     launch->ranks, options.count);
  }
  if (!launch && options.engine == "mpi") {
    throw UsageError(
        "--engine mpi: no launcher has started several ranks. Start them with mpirun or srun, or use "
        "--ranks for threads of one process.");
  }
  return launch;
}

void check_rank_count(const AnySpec& spec, int ranks) {
  const LoopOptions loop = spec.loop();
  if (ranks <= loop.passes()) return;
  if (loop.gradient == GradientSource::evolution) {
    throw SpecError("{} ranks are more than the {} pairs of a step. Use at most {} ranks, or raise train.population.",
                    ranks, loop.passes(), loop.passes());
  }
  throw SpecError(
      "{} ranks are more than the passes of a step: train.accumulate is {}. Use at most {} ranks, or raise "
      "train.accumulate and lower train.batch; with smaller passes batch statistics, and so results, differ.",
      ranks, loop.passes(), loop.passes());
}

int threads_of_rank(const DeviceOptions& device, int ranks) {
  return device.threads > 0 ? thread_count(device) : std::max(1, default_threads() / ranks);
}

int ranks_with_these_processors(Ranks& ranks, const DeviceOptions& device, Logger& logger) {
  const std::vector<Bytes> processors =
      ranks.all_gather(to_bytes(ranks.host(ranks.rank()) + " " + allowed_processors()));
  const std::vector<Bytes> counts = ranks.all_gather(to_bytes(std::to_string(usable_processors())));
  for (std::size_t rank = 0; rank < counts.size() && ranks.is_first(); ++rank) {
    const int usable = std::stoi(to_text(counts[rank]));
    if (usable >= device.threads) continue;
    logger.warn(
        "Of the machine's processors {} may use {}, but it has {} threads. The launcher has bound it: see --bind-to "
        "and "
        "--map-by of mpirun, --cpus-per-task of srun.",
        place(ranks, rank), usable, device.threads);
    break;
  }
  return static_cast<int>(std::ranges::count(processors, processors[static_cast<std::size_t>(ranks.rank())]));
}

void check_same_run(Ranks& ranks, const std::string& spec_json, const std::string& data_digest, const Context& context,
                    Logger& logger) {
  const Arithmetic arithmetic = arithmetic_of(context);
  const std::array<std::string, said> mine{generator(), spec_json, data_digest, arithmetic.device + arithmetic.gpu,
                                           arithmetic.blas_core};
  std::vector<std::vector<Bytes>> all;
  for (const std::string& text : mine) all.push_back(ranks.all_gather(to_bytes(text)));
  for (const Said what : {program, spec, data, device, blas}) {
    const std::vector<Bytes>& values = all[what];
    const auto other = std::ranges::find_if(values, [&](const Bytes& value) { return value != values.front(); });
    if (other == values.end()) continue;
    const std::string there = place(ranks, static_cast<std::size_t>(other - values.begin())), here = place(ranks, 0);
    if (what <= data) refuse_difference(what, there, here, {to_text(*other), to_text(values.front())});
    if (ranks.is_first()) {
      logger.warn("{} computes with {}, {} with {}: with other machines the last bits of the results can differ.",
                  there, to_text(*other), here, to_text(values.front()));
    }
  }
}

void agree_on_instruction_set(Ranks& ranks) {
  int lowest = static_cast<int>(cpu::simd_level());
  for (const Bytes& other : ranks.all_gather(to_bytes(std::to_string(lowest)))) {
    lowest = std::min(lowest, std::stoi(to_text(other)));
  }
  if (lowest != static_cast<int>(cpu::simd_level())) cpu::set_simd_level(static_cast<cpu::SimdLevel>(lowest));
}

void run_as_process(const Launch& launch, const RankOptions& options, Logger& logger, StopRequest& stop,
                    const std::function<void(ProcessRanks&)>& work) {
  constexpr double seconds_of_repeats = 10;
  stop.tolerate_repeats(seconds_of_repeats);
  const ProcessOptions process{.timeout = options.timeout,
                               .say =
                                   [&](const std::string& sentence) {
                                     logger.set_status("");
                                     logger.note("{}", sentence);
                                     print_to_stderr(fmt::format("srwm: {}\n", printable(sentence)));
                                   },
                               .warn = [&](const std::string& sentence) { logger.warn("{}", sentence); },
                               .stop_reason = [&] { return stop.requested() ? stop.reason() : std::string(); },
                               .on_stop = [&](const std::string& reason) { stop.request(reason); }};
  const std::unique_ptr<ProcessRanks> ranks = ProcessRanks::join(launch, process);
  try {
    work(*ranks);
  } catch (const StoppedError& stopped) {
    ranks->close();
    if (!ranks->is_first()) ::_exit(static_cast<int>(stopped.code()));
    throw;
  } catch (const std::exception& error) {
    leave_as(*ranks, error);
  }
  ranks->close();
  if (!ranks->is_first()) ::_exit(0);
}

}  // namespace srwm
