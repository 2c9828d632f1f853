// The ranks of a run, as the command line and the launcher want them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "comm/launch.h"
#include "comm/process_ranks.h"
#include "run/log.h"
#include "run/signals.h"
#include "spec/spec.h"
#include "srwm/session.h"

namespace srwm {

/// The processes that a launcher has started for this command; none: it is alone. UsageError if --ranks asks for
/// threads as well, or --engine for an MPI without a launcher.
std::optional<Launch> launch_of(const RankOptions& options);

/// SpecError, naming the keys, if the spec's steps have fewer passes than there are ranks.
void check_rank_count(const AnySpec& spec, int ranks);

/// Threads of each of `ranks` ranks that may use the same processors: --threads, or an equal share.
int threads_of_rank(const DeviceOptions& device, int ranks);
/// How many ranks, this one included, may use the processors of this one: all of a machine, or fewer where the launcher
/// has bound them. Rank 0 warns if a rank has fewer processors than --threads.
int ranks_with_these_processors(Ranks& ranks, const DeviceOptions& device, Logger& logger);

/// UsageError or DataError if a rank has another spec, program or data than rank 0; a warning on rank 0 where only the
/// last bits can differ from those of other machines. Every rank gets the error.
void check_same_run(Ranks& ranks, const std::string& spec_json, const std::string& data_digest, const Context& context,
                    Logger& logger);

/// All ranks compute with the lowest instruction set that one of them has, or was told to use.
void agree_on_instruction_set(Ranks& ranks);

/// Calls `work` as one of the processes of a run and returns on rank 0, when all are done; the other processes end in
/// it. Where it throws, all processes end, and one of them says why.
void run_as_process(const Launch& launch, const RankOptions& options, Logger& logger, StopRequest& stop,
                    const std::function<void(ProcessRanks&)>& work);

}  // namespace srwm
