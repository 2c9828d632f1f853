// Who writes to a run folder, found out without touching its lock.
#pragma once

#include <filesystem>
#include <string>

namespace srwm {

enum class LockHeld {
  no,
  yes,
  unknown,  ///< taken on another host, whose locks this one does not see
};

struct RunLock {
  LockHeld held = LockHeld::no;
  std::string holder;  ///< who took it last: "process 123 on node7"; empty if nobody did
};

/// Reads the file `lock` of a run folder and asks the kernel. The lock is never taken, not even for a moment: a run
/// that starts would be refused.
RunLock read_run_lock(const std::filesystem::path& lock);

/// What a holder writes into its lock: "process 123 on node7".
std::string lock_holder(int process, const std::string& host);

}  // namespace srwm
