// Whether a library of environments keeps to its contract (docs/environments.md, "A library of your own").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "env/env_library.h"
#include "env/request.h"

namespace srwm {

enum class CheckOutcome { passed, failed, skipped };

struct LibraryCheck {
  std::string what;  ///< the promise: "rewards are numbers, and first is 0 or 1"
  CheckOutcome outcome = CheckOutcome::passed;
  std::string words;  ///< of one that failed: what was seen; of one that was skipped: why
};

/// Plays `steps` steps with random actions again and again, each time in another way: with guarded buffers, observed
/// twice, made again with the same seed, with threads, from saved states, on a single level. What the library does not
/// offer is skipped. UsageError and DeviceError as VectorEnv, for a library that cannot be played at all.
std::vector<LibraryCheck> check_library(const std::shared_ptr<const EnvLibrary>& library, const EnvRequest& request,
                                        std::int64_t steps);

}  // namespace srwm
