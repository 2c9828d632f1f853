// Standard streams that are closed, full, slow or gone.
#include <sstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>

#include "cli/small_run.h"
#include "support/child.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Contains;

namespace {

/// Runs srwm by a shell that redirects its streams.
RunResult run_redirected(const std::string& redirections, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"-c", "exec \"$0\" \"$@\" " + redirections, srwm_binary().string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_program("/bin/sh", words);
}

}  // namespace

TEST_CASE("closed streams are not taken for files of the run", "[cli]") {
  const std::string redirections = GENERATE("<&- >&- 2>&-", "2>&-", ">&-", "<&-");
  CAPTURE(redirections);
  const TempDir folder;
  write_small_spec(folder.path());
  CHECK(run_redirected(redirections, train_arguments(folder.path(), "run")).exit_code == 0);
  std::istringstream metrics(read_file(folder / "run/metrics.jsonl"));
  int lines = 0;
  for (std::string line; std::getline(metrics, line); ++lines) CHECK(nlohmann::json::accept(line));
  CHECK(lines > 5);
  CHECK_THAT(read_file(folder / "run/lock"), !Contains("train"));
}

TEST_CASE("a stream that takes nothing ends in an exit code, never in an abort", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  CHECK(run_redirected("2> /dev/full", train_arguments(folder.path(), "a")).exit_code == 0);
  CHECK(run_redirected("2> /dev/full", {"eval"}).exit_code == 2);
  CHECK(run_redirected("2> /dev/full", {"eval", "--run", (folder / "none").string()}).exit_code == 3);
  CHECK(run_redirected("> /dev/full 2> /dev/full", {"config", "explain"}).exit_code == 3);
  const RunResult seeds =
      run_redirected("> /dev/full 2> /dev/full", train_arguments(folder.path(), "b", {"--seeds", "1-2"}));
  CHECK(seeds.exit_code == 3);
  CHECK(std::filesystem::exists(folder / "b-s2/DONE"));
  const RunResult broken =
      run_redirected("2> /dev/full", train_arguments(folder.path(), "b", {"--seeds", "1-2"}));  // the folders are taken
  CHECK(broken.exit_code == 2);
}

TEST_CASE("a limit on the size of files is a sentence, in commands that do not train as well", "[cli]") {
  const TempDir folder;
  const RunResult result = run_program("/bin/sh", {"-c", "ulimit -f 8; exec \"$0\" data glyphs --out \"$1\"",
                                                   srwm_binary().string(), (folder / "x.h5").string()});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("the file would be larger than allowed (see ulimit -f)"));
}

TEST_CASE("a slow reader of a pipe that does not block gets everything", "[cli]") {
  const std::string whole = run_srwm({"config", "explain", "--markdown"}).out;
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  REQUIRE(static_cast<std::size_t>(::fcntl(ends[1], F_SETPIPE_SZ, 4096)) < whole.size());
  Child child([&] {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(srwm_binary().c_str(), "srwm", "config", "explain", "--markdown", nullptr);
    return 99;
  });
  ::close(ends[1]);
  ::usleep(300000);  // by then the pipe is full
  std::string got;
  std::array<char, 512> piece{};
  for (ssize_t n = 1; n > 0; got.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)))) {
    n = ::read(ends[0], piece.data(), piece.size());
  }
  ::close(ends[0]);
  CHECK(child.wait() == 0);
  CHECK(got == whole);
}
