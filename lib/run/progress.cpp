#include "run/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include <sys/ioctl.h>
#include <unistd.h>

namespace srwm {
namespace {

constexpr std::chrono::milliseconds redraw_interval{100};
constexpr std::size_t widest_bar = 30;
constexpr std::size_t narrowest_bar = 6;
constexpr std::string_view gap = "  ";

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The first that is set decides, as in setlocale(3).
bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

/// Columns that may be used: all but the last, after which some terminals start a new line, and two for the "^C" that a
/// terminal echoes.
std::size_t usable_columns(int fd) {
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 3;
  return known ? size.ws_col - std::size_t{3} : 77;
}

std::string to_string(const Figure& figure) {
  switch (figure.style) {
    case Figure::Style::plain:
      return fmt::format("{} {:.4g}", figure.label, figure.value);
    case Figure::Style::percent:
      return fmt::format("{} {:.1f} %", figure.label, 100 * figure.value);
    case Figure::Style::rate:
      break;
  }
  if (!std::isfinite(figure.value)) return fmt::format("- {}", figure.label);
  return fmt::format("{} {}", format_count(std::llround(figure.value)), figure.label);
}

void append_repeated(std::string& out, std::string_view text, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out += text;
}

}  // namespace

TerminalOptions TerminalOptions::detect(int fd) {
  const std::string_view terminal = environment("TERM");
  TerminalOptions options;
  options.fd = fd;
  options.bar = ::isatty(fd) == 1 && !terminal.empty() && terminal != "dumb";
  options.colour = options.bar && environment("NO_COLOR").empty();
  options.unicode = locale_is_utf8();
  return options;
}

ProgressDisplay::ProgressDisplay(Logger& logger, std::string label, std::int64_t first, std::int64_t total,
                                 TerminalOptions options)
    : logger_(logger),
      label_(std::move(label)),
      first_(first),
      total_(total),
      options_(options),
      start_(Clock::now()),
      drawn_(start_ - redraw_interval) {
  options_.bar &= !logger.shares_terminal();
}

ProgressDisplay::~ProgressDisplay() {
  logger_.set_status("");
}

void ProgressDisplay::step(std::int64_t done) {
  if (!options_.bar) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < redraw_interval) return;
  drawn_ = now;
  draw(done);
}

void ProgressDisplay::report(std::int64_t done, std::span<const Figure> figures) {
  figures_.clear();
  std::transform(figures.begin(), figures.end(), std::back_inserter(figures_), to_string);
  std::string text =
      fmt::format("{} {}/{} ({:.0f} %)", label_, format_count(done), format_count(total_), 100 * fraction(done));
  for (const std::string& figure : figures_) text.append(gap).append(figure);
  if (const std::string left = time_left(done); !left.empty()) text.append(gap).append(left);
  if (options_.bar) {
    logger_.note("{}", text);
    step(done);
  } else {
    logger_.info("{}", text);
  }
}

void ProgressDisplay::draw(std::int64_t done) {
  const std::size_t columns = usable_columns(options_.fd);
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "{} {}/{} ", label_, format_count(done), format_count(total_));
  const std::string percent = fmt::format(" {:.0f} %", 100 * fraction(done));
  const std::string left = time_left(done);
  std::size_t used = line_.size() + percent.size() + (left.empty() ? 0 : gap.size() + left.size());
  if (used > columns) return logger_.set_status(std::string_view(line_).substr(0, columns));

  std::size_t shown = 0;
  for (; shown < figures_.size(); ++shown) {
    const std::size_t more = gap.size() + figures_[shown].size();
    if (used + more + narrowest_bar > columns) break;
    used += more;
  }
  append_bar(std::min(widest_bar, columns - used), fraction(done));
  line_ += percent;
  if (!left.empty()) line_.append(gap).append(left);
  for (std::size_t i = 0; i < shown; ++i) line_.append(gap).append(figures_[i]);
  logger_.set_status(line_);
}

void ProgressDisplay::append_bar(std::size_t columns, double fraction) {
  const auto full = static_cast<std::size_t>(fraction * static_cast<double>(columns));
  if (options_.colour) line_ += "\x1b[32m";
  append_repeated(line_, options_.unicode ? "━" : "#", full);
  if (options_.colour) line_ += "\x1b[90m";
  append_repeated(line_, options_.unicode ? "─" : "-", columns - full);
  if (options_.colour) line_ += "\x1b[0m";
}

double ProgressDisplay::fraction(std::int64_t done) const {
  if (total_ <= 0) return 1;
  return std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0);
}

std::string ProgressDisplay::time_left(std::int64_t done) const {
  if (done <= first_ || done >= total_) return "";
  const std::chrono::duration<double> spent = Clock::now() - start_;
  const double per_step = spent.count() / static_cast<double>(done - first_);
  return format_duration(per_step * static_cast<double>(total_ - done)) + " left";
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  const std::int64_t s = std::llround(std::min(seconds, 1e12));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
  return fmt::format("{} d {} h", s / 86400, s % 86400 / 3600);
}

std::string format_count(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first_digit + 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

}  // namespace srwm
