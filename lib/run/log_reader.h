// log.txt as others than the run itself read it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace srwm {

struct LogRecord {
  std::string time;     ///< "2022-07-17T12:00:00.123+00:00"
  std::string level;    ///< "info", "warning", "error"
  std::string message;  ///< may have several lines
};

/// The last record of the log; none if there is no log, or none that Logger wrote.
std::optional<LogRecord> last_log_record(const std::filesystem::path& log);

}  // namespace srwm
