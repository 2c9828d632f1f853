#include "run/log.h"

#include <array>
#include <mutex>
#include <string_view>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"
#include "io/file_descriptor.h"

namespace srwm {

struct Logger::Sinks {
  bool quiet;
  std::mutex terminal;
  std::function<void()> before_terminal_line;
  std::unique_ptr<spdlog::logger> file;  // of its own, not in spdlog's global registry
};

Logger::Logger(bool quiet) : sinks_(std::make_unique<Sinks>()) {
  sinks_->quiet = quiet;
}

Logger::~Logger() = default;

void Logger::add_file(const std::filesystem::path& path) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  } catch (const spdlog::spdlog_ex&) {
    throw DataError("Cannot write {}: {}.", path.string(), explain_errno(errno));
  }
  sinks_->file = std::make_unique<spdlog::logger>("log.txt", std::move(sink));
  sinks_->file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  sinks_->file->set_level(spdlog::level::trace);
  sinks_->file->flush_on(spdlog::level::trace);
  sinks_->file->set_error_handler([this, name = path.string(), said = false](const std::string&) mutable {
    if (!std::exchange(said, true)) write_terminal(fmt::format("warning: Cannot write {}; the run goes on.", name));
  });
}

void Logger::set_before_terminal_line(std::function<void()> hook) {
  const std::lock_guard lock(sinks_->terminal);
  sinks_->before_terminal_line = std::move(hook);
}

void Logger::write_terminal(const std::string& line) {
  const std::lock_guard lock(sinks_->terminal);
  if (sinks_->before_terminal_line) sinks_->before_terminal_line();
  write_all(STDERR_FILENO, line + "\n");  // nobody is left to tell if stderr is gone
}

void Logger::write(Level level, const std::string& message) {
  switch (level) {
    case Level::note:
      break;
    case Level::info:
      if (!sinks_->quiet) write_terminal(message);
      break;
    case Level::warning:
      write_terminal("warning: " + message);
      break;
    case Level::error:
      write_terminal("error: " + message);
      break;
  }
  if (!sinks_->file) return;
  const bool grave = level == Level::error;
  sinks_->file->log(grave                     ? spdlog::level::err
                    : level == Level::warning ? spdlog::level::warn
                                              : spdlog::level::info,
                    message);
}

}  // namespace srwm
