// The helper that the tests of the binary stand on, tried on /bin/sh.
#include "cli/run_binary.h"

#include <chrono>
#include <fstream>
#include <system_error>

#include <catch2/catch.hpp>
#include <signal.h>

namespace srwm::test {
namespace {

RunResult run_shell(const std::string& script, const RunOptions& options = {}) {
  return run_program("/bin/sh", {"-c", script}, options);
}

TEST_CASE("run_program gives exit code, stdout and stderr apart") {
  const RunResult result = run_shell("echo to out; echo to err >&2; exit 75");
  CHECK(result.exit_code == 75);
  CHECK(result.signal == 0);
  CHECK_FALSE(result.timed_out);
  CHECK(result.out == "to out\n");
  CHECK(result.err == "to err\n");
}

TEST_CASE("run_program hands arguments over unchanged") {
  const RunResult result = run_program("/bin/sh", {"-c", "printf '%s|' \"$@\"", "sh", "a b", "", "*", "\"q\""});
  CHECK(result.out == "a b||*|\"q\"|");
}

TEST_CASE("run_program adds to the environment and replaces in it") {
  RunOptions options;
  options.environment = {{"SRWM_TEST_NEW", "new"}, {"HOME", "/elsewhere"}};
  const RunResult result = run_shell("echo \"$SRWM_TEST_NEW $HOME ${PATH:+kept}\"", options);
  CHECK(result.out == "new /elsewhere kept\n");
}

TEST_CASE("run_program uses the working folder") {
  const TempDir folder;
  std::ofstream(folder / "here") << "found";
  RunOptions options;
  options.folder = folder.path();
  CHECK(run_shell("cat here", options).out == "found");
}

TEST_CASE("run_program feeds stdin, and without input gives end of file") {
  RunOptions options;
  options.input = "three words here";
  CHECK(run_shell("wc -w", options).out.find('3') != std::string::npos);
  CHECK(run_shell("cat").exit_code == 0);
}

TEST_CASE("run_program takes more output than a pipe holds") {
  const RunResult result = run_shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  CHECK(result.out.size() == 300000);
  CHECK(result.err.size() == 300000);
}

TEST_CASE("run_program kills what runs too long, with its children") {
  RunOptions options;
  options.timeout = std::chrono::milliseconds(200);
  const auto start = std::chrono::steady_clock::now();
  const RunResult result = run_shell("echo begun; sleep 30; echo never", options);
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
  CHECK(result.exit_code == -1);
  CHECK(result.out == "begun\n");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("A program that is not there throws") {
  CHECK_THROWS_AS(run_program("/nonexistent/program", {}), std::system_error);
}

TEST_CASE("Process passes signals on") {
  Process process("/bin/sh", {"-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.01; done"});
  REQUIRE(process.wait_for_output("ready"));
  process.send(SIGTERM);
  CHECK(process.wait().exit_code == 42);
  CHECK_FALSE(process.running());
}

TEST_CASE("Process reports the signal that ended it") {
  Process process("/bin/sh", {"-c", "echo ready; while :; do sleep 0.01; done"});
  REQUIRE(process.wait_for_output("ready"));
  process.send(SIGKILL);
  const RunResult result = process.wait();
  CHECK(result.signal == SIGKILL);
  CHECK_FALSE(result.timed_out);
}

TEST_CASE("Process tells when the awaited output never came") {
  Process process("/bin/sh", {"-c", "echo something else"});
  CHECK_FALSE(process.wait_for_output("ready"));
  CHECK(process.wait().exit_code == 0);
}

TEST_CASE("A folder of a test goes with everything in it") {
  std::filesystem::path path;
  {
    const TempDir folder;
    path = folder.path();
    std::filesystem::create_directories(folder / "a" / "b");
    CHECK(std::filesystem::exists(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace srwm::test
