#include "run/progress.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include <catch2/catch.hpp>

#include "io/file.h"
#include "run/evaluation_progress.h"
#include "support/pseudo_terminal.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
using namespace std::chrono_literals;

namespace {

TerminalOptions plain_bar(const PseudoTerminal& terminal) {
  return {.bar = true, .colour = false, .unicode = false, .fd = terminal.fd()};
}

/// One drawing of a display in a window of so many columns, without the control sequences around it.
std::string drawing(unsigned short columns) {
  const PseudoTerminal terminal(columns);
  Logger logger(false, terminal.fd());
  ProgressDisplay display(logger, "train", 0, 10000, plain_bar(terminal));
  display.report(
      0, {{"loss", 1.23456}, {"accuracy", 0.345, Figure::Style::percent}, {"images/s", 2950.4, Figure::Style::rate}});
  const std::string text = terminal.output();
  return text.substr(1, text.find('\x1b') - 1);
}

}  // namespace

TEST_CASE("the bar fits the window", "[progress]") {
  CHECK(drawing(120) ==
        "train 0/10,000 ------------------------------ 0 %  loss 1.235  accuracy 34.5 %  2,950 images/s");
  CHECK(drawing(80) == "train 0/10,000 ------------- 0 %  loss 1.235  accuracy 34.5 %  2,950 images/s");
  CHECK(drawing(60) == "train 0/10,000 --------- 0 %  loss 1.235  accuracy 34.5 %");
  CHECK(drawing(40) == "train 0/10,000 ------ 0 %  loss 1.235");
  CHECK(drawing(12) == "train 0/1");
  for (unsigned short columns = 4; columns < 130; columns += 9) {
    CAPTURE(columns);
    CHECK(drawing(columns).size() < columns);
  }
}

TEST_CASE("the bar is redrawn at most ten times a second and taken away at the end", "[progress]") {
  const PseudoTerminal terminal(100);
  Logger logger(false, terminal.fd());
  const auto start = std::chrono::steady_clock::now();
  {
    ProgressDisplay display(logger, "train", 50, 100, plain_bar(terminal));
    for (std::int64_t step = 51; step < 76; ++step) {
      display.step(step);
      std::this_thread::sleep_for(10ms);
    }
  }
  const std::string text = terminal.output();
  const auto tenths = (std::chrono::steady_clock::now() - start) / 100ms;  // more than 2 on a busy machine
  const auto drawings = std::count(text.begin(), text.end(), '\r') - 1;
  CHECK(drawings >= 2);
  CHECK(drawings <= tenths + 2);
  CHECK_THAT(text, Contains(" left"));
  CHECK(text.ends_with("\r\x1b[K"));
}

TEST_CASE("messages appear above the bar", "[progress]") {
  const PseudoTerminal terminal(100);
  Logger logger(false, terminal.fd());
  ProgressDisplay display(logger, "train", 0, 100, plain_bar(terminal));
  display.step(1);
  terminal.output();
  logger.warn("hot");
  CHECK(terminal.output() == "\r\x1b[Kwarning: hot\r\n");
}

TEST_CASE("colours and line characters are used where they are wanted", "[progress]") {
  const PseudoTerminal terminal(100);
  Logger logger(false, terminal.fd());
  ProgressDisplay display(logger, "train", 0, 100, {.bar = true, .colour = true, .unicode = true, .fd = terminal.fd()});
  display.step(50);
  CHECK_THAT(terminal.output(), Contains("\x1b[32m━━━━━━━━━━━━━━━\x1b[90m───────────────\x1b[0m 50 %"));
}

TEST_CASE("without a terminal there is one line per report", "[progress]") {
  const TempDir dir;
  const PseudoTerminal terminal(100);
  Logger logger(false, terminal.fd());
  logger.add_file(dir.path() / "log.txt");
  {
    ProgressDisplay display(logger, "train", 0, 100, {.fd = terminal.fd()});
    for (std::int64_t step = 1; step <= 100; ++step) {
      display.step(step);
      if (step == 100) display.report(step, {{"accuracy", 0.5, Figure::Style::percent}});
    }
  }
  CHECK(terminal.output() == "train 100/100 (100 %)  accuracy 50.0 %\r\n");
  CHECK_THAT(read_text_file(dir.path() / "log.txt"), Contains("info: train 100/100 (100 %)  accuracy 50.0 %\n"));
}

TEST_CASE("the terminal is asked what it can", "[progress]") {
  const PseudoTerminal terminal(100);
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  CHECK(TerminalOptions::detect(terminal.fd()).bar);
  CHECK(TerminalOptions::detect(terminal.fd()).colour);
  ::setenv("NO_COLOR", "1", 1);
  CHECK(TerminalOptions::detect(terminal.fd()).bar);
  CHECK_FALSE(TerminalOptions::detect(terminal.fd()).colour);
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  CHECK_FALSE(TerminalOptions::detect(terminal.fd()).bar);
  const int file = ::open("/dev/null", O_WRONLY);
  ::setenv("TERM", "xterm", 1);
  CHECK_FALSE(TerminalOptions::detect(file).bar);
  ::close(file);
}

TEST_CASE("durations and counts as people read them", "[progress]") {
  CHECK(format_duration(0) == "0 s");
  CHECK(format_duration(59.6) == "1 min 00 s");
  CHECK(format_duration(125) == "2 min 05 s");
  CHECK(format_duration(4800) == "1 h 20 min");
  CHECK(format_duration(273600) == "3 d 4 h");
  CHECK(format_duration(-1) == "-");
  CHECK(format_duration(std::numeric_limits<double>::quiet_NaN()) == "-");
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(12345678) == "12,345,678");
  CHECK(format_count(-123) == "-123");
  CHECK(format_count(-1234) == "-1,234");
}

TEST_CASE("an evaluation shows on a terminal how far it is", "[progress]") {
  const PseudoTerminal terminal(100);
  Logger logger(false, terminal.fd());
  {
    EvaluationProgress progress(logger, "test", 1000, plain_bar(terminal));
    progress.add(100);
    CHECK_THAT(terminal.output(), Contains("test 100/1,000 "));
    std::this_thread::sleep_for(110ms);
    progress.add(150);
    CHECK_THAT(terminal.output(), Contains("test 250/1,000 ") && Contains("25 %"));
  }
  CHECK(terminal.output() == "\r\x1b[K");
  EvaluationProgress elsewhere(logger, "test", 1000, {.fd = terminal.fd()});
  elsewhere.add(100);
  CHECK(terminal.output().empty());  // a line only every ten seconds
}
