#include "run/log.h"

#include <cerrno>
#include <mutex>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/utf8.h"
#include "io/file.h"
#include "io/file_descriptor.h"
#include "run/signals.h"

namespace srwm {
namespace {

constexpr std::string_view clear_to_end_of_line = "\x1b[K";

}  // namespace

struct Logger::Sinks {
  bool quiet;
  int terminal;
  std::mutex terminal_mutex;
  bool status_shown = false;
  std::string prefix;                    // of lines on a terminal that other runs write to as well
  std::string buffer;                    // reused; what goes to the terminal goes in one write
  std::unique_ptr<spdlog::logger> file;  // of its own, not in spdlog's global registry
};

Logger::Logger(bool quiet, int terminal) : sinks_(std::make_unique<Sinks>()) {
  sinks_->quiet = quiet;
  sinks_->terminal = terminal;
}

Logger::~Logger() = default;

void Logger::add_file(const std::filesystem::path& path) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  } catch (const spdlog::spdlog_ex&) {
    fail_to_write(path, errno);
  }
  sinks_->file = std::make_unique<spdlog::logger>("log.txt", std::move(sink));
  sinks_->file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  sinks_->file->set_level(spdlog::level::trace);
  sinks_->file->flush_on(spdlog::level::trace);
  sinks_->file->set_error_handler([this, name = path.string(), said = false](const std::string&) mutable {
    if (!std::exchange(said, true)) write_terminal("warning: ", fmt::format("Cannot write {}; the run goes on.", name));
  });
}

void Logger::share_terminal(std::string_view name) {
  sinks_->prefix = fmt::format("{}: ", name);
}

bool Logger::shares_terminal() const {
  return !sinks_->prefix.empty();
}

void Logger::set_status(std::string_view line) {
  if (shares_terminal()) return;
  const std::lock_guard lock(sinks_->terminal_mutex);
  if (line.empty() && !sinks_->status_shown) return;
  sinks_->status_shown = !line.empty();
  set_terminal_line_open(sinks_->status_shown);
  sinks_->buffer.assign(1, '\r').append(line).append(clear_to_end_of_line);
  write_all(sinks_->terminal, sinks_->buffer);
}

void Logger::write_terminal(std::string_view level, std::string_view message) {
  const std::lock_guard lock(sinks_->terminal_mutex);
  sinks_->buffer.clear();
  if (std::exchange(sinks_->status_shown, false)) sinks_->buffer.append("\r").append(clear_to_end_of_line);
  sinks_->buffer.append(sinks_->prefix).append(level).append(message).append("\n");
  write_all(sinks_->terminal, sinks_->buffer);  // if the terminal is gone, nobody is left to tell
  set_terminal_line_open(false);
}

void Logger::write(Level level, const std::string& text) {
  const std::string message = printable(text);
  spdlog::level::level_enum severity = spdlog::level::info;
  switch (level) {
    case Level::note:
      break;
    case Level::info:
      if (!sinks_->quiet) write_terminal("", message);
      break;
    case Level::warning:
      severity = spdlog::level::warn;
      write_terminal("warning: ", message);
      break;
    case Level::error:
      severity = spdlog::level::err;
      write_terminal("error: ", message);
      break;
    case Level::failure:
      severity = spdlog::level::err;
      break;
  }
  if (sinks_->file) sinks_->file->log(severity, message);
}

}  // namespace srwm
