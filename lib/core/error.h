// One exception type per kind of failure; each kind is one exit code of the binary (docs/user_guide.md, "Exit codes").
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace srwm {

enum class ExitCode : int {
  done = 0,
  usage = 2,       ///< bad command line or spec
  data = 3,        ///< a data file is missing, broken or of the wrong kind
  device = 4,      ///< a device or library is missing or failed
  not_finite = 5,  ///< a loss or gradient became NaN or infinite
  stopped = 75,    ///< stopped by a signal or --max-seconds after a checkpoint; start again with --resume
  rank_lost = 76,  ///< a rank of the run is gone; start again with --resume
};

/// How the program ends, and what it says, where it meets a bug of its own.
inline constexpr int internal_error_exit_code = 70;
inline constexpr const char* bug_report_request =
    "This is a bug in srwm. Please report it together with the spec and the output of 'srwm --version'.";

/// Base of all errors a user can meet. The message is one or more whole sentences: what is wrong, what was expected,
/// what to do next.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Declares an error kind whose constructor takes a fmt format string and its arguments.
#define SRWM_DECLARE_ERROR(Name, exit_code)                                                         \
  class Name : public Error {                                                                       \
   public:                                                                                          \
    explicit Name(const std::string& message) : Error(exit_code, message) {}                        \
    template <typename... Args>                                                                     \
    explicit Name(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0) \
        : Error(exit_code, fmt::format(format, std::forward<Args>(args)...)) {}                     \
  }

SRWM_DECLARE_ERROR(UsageError, ExitCode::usage);           ///< command line
SRWM_DECLARE_ERROR(SpecError, ExitCode::usage);            ///< experiment spec
SRWM_DECLARE_ERROR(DataError, ExitCode::data);             ///< dataset, checkpoint or episode file; full disk
SRWM_DECLARE_ERROR(DeviceError, ExitCode::device);         ///< CUDA, driver, shared library
SRWM_DECLARE_ERROR(NotFiniteError, ExitCode::not_finite);  ///< NaN or Inf in training
SRWM_DECLARE_ERROR(StoppedError, ExitCode::stopped);       ///< checkpointed and stopped on request
SRWM_DECLARE_ERROR(RankError, ExitCode::rank_lost);        ///< another rank of the run is gone
SRWM_DECLARE_ERROR(ShapeError, ExitCode::usage);           ///< an op was given tensors that do not fit

#undef SRWM_DECLARE_ERROR

/// A file of ours could not be written: a full disk, a folder without permission, a lost network file system. Nothing
/// that had been written whole is lost by it.
class WriteError : public DataError {
 public:
  using DataError::DataError;
};

/// A broken promise inside the program itself; never the user's fault.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with place and expression unless `condition`; stays on in release builds.
#define SRWM_CHECK(condition, ...)                                                                               \
  do {                                                                                                           \
    if (!(condition)) {                                                                                          \
      throw ::srwm::InternalError(                                                                               \
          fmt::format("{}:{}: {} does not hold: {}", __FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__))); \
    }                                                                                                            \
  } while (false)

}  // namespace srwm
