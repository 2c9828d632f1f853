// What every command that computes needs: options shared between commands, and the context made from them.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "ops/context.h"
#include "train/option_checks.h"

namespace srwm {

struct DeviceOptions {
  std::string device = "auto";  ///< auto, cpu, cuda, cuda:N
  int threads = 0;              ///< 0: what affinity and cgroup allow
  bool eager = false;           ///< no recorded graphs
};

/// How many ranks share the work, and what is between them.
struct RankOptions {
  int count = 1;                ///< threads of this process
  std::string engine = "auto";  ///< between processes: auto, mpi, none
  double timeout = 15;          ///< seconds
};

/// Declares --ranks, --engine and --rank-timeout.
void add_rank_options(CLI::App& command, RankOptions& options);
/// Declares --device, --threads and --eager.
void add_device_options(CLI::App& command, DeviceOptions& options);
/// Threads to use: the option, or what the process may use.
int thread_count(const DeviceOptions& options);
/// What --device stands for on this machine. DeviceError as make_context.
Device chosen_device(const DeviceOptions& options);
/// A float32 context on the device. DeviceError if there is no such device in this build or machine.
std::unique_ptr<Context> make_context(const DeviceOptions& options, std::uint64_t seed);
/// Computes in this precision from here on. UsageError if it is not fp32 and the device a CPU.
void choose_precision(Context& context, Precision precision);

}  // namespace srwm
