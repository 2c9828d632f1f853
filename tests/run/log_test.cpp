#include "run/log.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "io/file.h"
#include "support/child.h"
#include "support/pseudo_terminal.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
using Catch::Matchers::Matches;

TEST_CASE("messages go to the terminal and, with time and level, to the file", "[log]") {
  const TempDir dir;
  const PseudoTerminal terminal(80);
  for (const std::string& name : {std::string("first"), std::string("second")}) {
    Logger logger(false, terminal.fd());
    logger.info("before the file");
    logger.add_file(dir.path() / "log.txt");
    logger.info("{} sitting", name);
    logger.warn("{} is low", "memory");
    logger.note("for the file");
    logger.error("gone");
  }
  CHECK_THAT(terminal.output(),
             Contains("before the file\r\nfirst sitting\r\nwarning: memory is low\r\nerror: gone\r\n"));
  const std::string stamp = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:?\d\d )";
  const auto sitting = [&](const std::string& name) {
    return stamp + "info: " + name + " sitting\n" + stamp + "warning: memory is low\n" + stamp +
           "info: for the file\n" + stamp + "error: gone\n";
  };
  CHECK_THAT(read_text_file(dir.path() / "log.txt"), Matches(sitting("first") + sitting("second")));
}

TEST_CASE("a quiet log shows warnings only, and the file has all", "[log]") {
  const TempDir dir;
  const PseudoTerminal terminal(80);
  Logger logger(true, terminal.fd());
  logger.add_file(dir.path() / "log.txt");
  logger.info("by the way");
  logger.warn("careful");
  CHECK(terminal.output() == "warning: careful\r\n");
  CHECK_THAT(read_text_file(dir.path() / "log.txt"), Contains("by the way"));
}

TEST_CASE("a log file that cannot be opened is an error in words", "[log]") {
  const TempDir dir;
  write_file_atomically(dir.path() / "file", "x");
  Logger logger(true);
  CHECK_THROWS_AS(logger.add_file(dir.path() / "file/log.txt"), DataError);
  CHECK_THROWS_WITH(logger.add_file(dir.path() / "file/log.txt"), Contains("a part of the path is a file"));
}

TEST_CASE("a full disk does not stop the log, and is said once", "[log]") {
  const PseudoTerminal terminal(80);
  Logger logger(true, terminal.fd());
  logger.add_file("/dev/full");
  for (int i = 0; i < 3; ++i) logger.info("message");
  CHECK(terminal.output() == "warning: Cannot write /dev/full; the run goes on.\r\n");
}

TEST_CASE("lines of runs that share a terminal say whose they are, and no status line is in the way", "[log]") {
  const PseudoTerminal terminal(80);
  Logger one(false, terminal.fd()), two(false, terminal.fd());
  one.share_terminal("seed 1");
  two.share_terminal("seed 2");
  one.set_status("50 %");
  one.info("half way");
  two.warn("late");
  CHECK(terminal.output() == "seed 1: half way\r\nseed 2: warning: late\r\n");
}
