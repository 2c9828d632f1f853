// Ranks that are processes, on one machine or many, with an MPI between them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "comm/launch.h"
#include "comm/ranks.h"

namespace srwm {

/// How a process takes part in its run.
struct ProcessOptions {
  double timeout = 15;  ///< seconds without a sign of life after which a rank counts as lost
  /// Says something on behalf of the run, on the one rank that is to say it. Called by any thread.
  std::function<void(const std::string&)> say, warn;
  /// Why this process is asked to stop; empty if it is not.
  std::function<std::string()> stop_reason;
  /// Another rank was asked to stop. Called by any thread.
  std::function<void(const std::string& reason)> on_stop;
};

/// A thread of its own sends signs of life, with what its rank does, and listens for those of rank 0, or on rank 0 of
/// all. On each host the lowest rank also looks whether the processes of the others are there, and they look after it.
/// Whoever misses a rank tells rank 0; one process, rank 0 or, if that is lost, rank 1, says which rank, where, doing
/// what, and how to go on; and all end with exit code 76. Nothing is healed in flight: the run is resumed. No call of
/// MPI blocks between start and end, so a rank that is cut off ends by itself, too.
///
/// A stop that one rank is asked for is passed on to the others as a hint; on which step they stop they agree
/// elsewhere (train/step_exchange.h).
class ProcessRanks final : public Ranks {
 public:
  /// Loads the plug-in for the launcher's MPI and starts it. DeviceError if there is none that fits.
  static std::unique_ptr<ProcessRanks> join(const Launch& launch, ProcessOptions options);
  ~ProcessRanks() override;

  std::string engine() const override;
  std::string host(int rank) const override;
  void set_phase(const char* phase, std::int64_t step) override;
  void set_way_on(std::string sentence) override;

  /// Ranks on the host of this one.
  int ranks_on_host() const;

  /// Ends all processes of the run with the exit code of an error that this one has met: rank 0 says the sentence, with
  /// the name of the rank before it if it is another's.
  [[noreturn]] void fail(int exit_code, const std::string& sentence);
  /// Waits for all ranks, and ends MPI. The last thing a rank does.
  void close();

 private:
  class Impl;
  explicit ProcessRanks(std::unique_ptr<Impl> impl);
  void exchange_impl(std::span<const std::span<const std::byte>> sends,
                     std::span<const std::span<std::byte>> receives) override;

  std::unique_ptr<Impl> impl_;
};

}  // namespace srwm
