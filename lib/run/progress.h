// What a person at the terminal sees of a running job.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "run/log.h"

namespace srwm {

/// A figure as people read it.
struct Figure {
  enum class Style {
    plain,    ///< "loss 1.234"
    percent,  ///< "accuracy 34.5 %", of a fraction
    rate,     ///< "2,950 images/s": the label is the unit
  };
  std::string_view label;
  double value;
  Style style = Style::plain;
};

/// What decides how the display looks.
struct TerminalOptions {
  bool bar = false;      ///< the terminal is one and can rewrite its line: not with TERM=dumb or unset
  bool colour = false;   ///< a bar, and NO_COLOR is not set (https://no-color.org)
  bool unicode = false;  ///< the locale is a UTF-8 one
  int fd = 2;

  /// Asks the system about stderr, or another descriptor, and reads the environment.
  static TerminalOptions detect(int fd = 2);
};

/// On a terminal, one line that is redrawn at most ten times a second and fits the width of the window:
///   train 1,200/10,000 ━━━━━━────────────── 12 %  1 min 12 s left  loss 1.234  accuracy 34.5 %  2,950 images/s
/// Elsewhere, and where other runs share the terminal, one line per report, without the bar. Reports go to log.txt in
/// any case; messages of the Logger appear above the bar. For one thread.
class ProgressDisplay {
 public:
  /// `first` is the step a resumed run goes on from. The logger must live longer.
  ProgressDisplay(Logger& logger, std::string label, std::int64_t first, std::int64_t total,
                  TerminalOptions options = TerminalOptions::detect());
  /// Takes the bar away and leaves the cursor at the start of an empty line.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// `done` steps are done. For every step: looks at the clock and mostly returns; allocates nothing.
  void step(std::int64_t done);
  /// New figures, the most important first: where the window is narrow the last ones are left out.
  void report(std::int64_t done, std::span<const Figure> figures);
  void report(std::int64_t done, std::initializer_list<Figure> figures) {
    report(done, std::span(figures.begin(), figures.size()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::int64_t done);
  void append_bar(std::size_t columns, double fraction);
  double fraction(std::int64_t done) const;
  std::string time_left(std::int64_t done) const;

  Logger& logger_;
  std::string label_;
  std::int64_t first_, total_;
  TerminalOptions options_;
  Clock::time_point start_, drawn_;
  std::vector<std::string> figures_;
  std::string line_;  ///< reused from drawing to drawing
};

/// "3 s", "2 min 05 s", "1 h 20 min", "3 d 4 h".
std::string format_duration(double seconds);
/// 12345678 as "12,345,678".
std::string format_count(std::int64_t count);

}  // namespace srwm
