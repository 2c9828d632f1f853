// What is read of a run from outside: metrics.jsonl, log.txt, the lock.
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "io/file.h"
#include "run/host.h"
#include "run/log.h"
#include "run/log_reader.h"
#include "run/metrics_reader.h"
#include "run/run_folder.h"
#include "run/run_lock.h"
#include "support/child.h"
#include "support/temp_dir.h"

using namespace srwm;

namespace {

void append(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

}  // namespace

TEST_CASE("lines of metrics by their kind, torn and foreign ones left out", "[readers]") {
  const TempDir dir;
  const auto path = dir / "metrics.jsonl";
  CHECK(MetricsReader(path).lines("train").empty());
  append(path, R"({"step":10,"kind":"train","loss":3}
{"step":20,"kind":"train","loss":2}
{"step":20,"kind":"validation","accuracy":0.5}
not JSON "kind":"train"
{"kind":"train","loss":9}
{"step":30,"kind":"train","loss":1}
{"step":40,"kind":"train","lo)");
  const auto losses = [&](std::size_t most) {
    std::vector<double> values;
    for (const auto& line : MetricsReader(path).lines("train", most)) values.push_back(line.at("loss"));
    return values;
  };
  CHECK(losses(100) == std::vector<double>{3, 2, 1});
  CHECK(losses(2) == std::vector<double>{2, 1});
  CHECK(MetricsReader(path).lines("validation").size() == 1);
  CHECK(MetricsReader(path).lines("", 1).front().at("step") == 30);
}

TEST_CASE("the last record of a log", "[readers]") {
  const TempDir dir;
  const auto path = dir / "log.txt";
  CHECK_FALSE(last_log_record(path).has_value());
  append(path, "something else\n");
  CHECK_FALSE(last_log_record(path).has_value());
  {
    Logger logger(/*quiet=*/true);
    logger.add_file(path);
    logger.note("step 7");
    REQUIRE(last_log_record(path).has_value());
    CHECK(last_log_record(path)->message == "step 7");
    CHECK(last_log_record(path)->level == "info");
    logger.note_failure("two\nlines");
  }
  CHECK(last_log_record(path)->message == "two\nlines");
  CHECK(last_log_record(path)->level == "error");
  append(path, std::string(1 << 17, 'x'));  // no record is as long
  CHECK_FALSE(last_log_record(path).has_value());
}

TEST_CASE("a failure goes to the log alone", "[readers]") {
  const TempDir dir;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    Logger logger(/*quiet=*/false, ends[1]);
    logger.add_file(dir / "log.txt");
    logger.note_failure("bad");
    logger.info("good");
  }
  ::close(ends[1]);
  char shown[64];
  const auto size = ::read(ends[0], shown, sizeof shown);
  ::close(ends[0]);
  CHECK(std::string(shown, static_cast<std::size_t>(size)) == "good\n");
}

TEST_CASE("a lock is seen as long as its run lives, and never taken", "[readers]") {
  const TempDir dir;
  const RunPaths paths{dir.path()};
  CHECK(read_run_lock(paths.lock()).held == LockHeld::no);
  CHECK(read_run_lock(paths.lock()).holder.empty());
  std::string holder;
  {
    const ReadyPipe ready;
    Child run([&] {
      const RunFolder folder = RunFolder::open(dir.path(), false);
      ready.set();
      for (;;) ::pause();
      return 0;
    });
    REQUIRE(ready.wait());
    holder = lock_holder(run.pid(), host_name());
    CHECK(read_run_lock(paths.lock()).held == LockHeld::yes);
    CHECK(read_run_lock(paths.lock()).holder == holder);
  }
  CHECK(read_run_lock(paths.lock()).held == LockHeld::no);
  CHECK(read_run_lock(paths.lock()).holder == holder);
  CHECK_NOTHROW(RunFolder::open(dir.path(), false));
}

TEST_CASE("another process with another lock does not make a run live", "[readers]") {
  const TempDir dir;
  const RunFolder other = RunFolder::open(dir / "other", false);
  write_file_atomically(dir / "lock", lock_holder(::getpid(), host_name()) + "\n");
  CHECK(read_run_lock(dir / "lock").held == LockHeld::no);
}

TEST_CASE("locks of other hosts cannot be seen in a local file system", "[readers]") {
  const TempDir dir;
  write_file_atomically(dir / "lock", lock_holder(::getpid(), "some-other-host") + "\n");
  CHECK(read_run_lock(dir / "lock").held == LockHeld::unknown);
  write_file_atomically(dir / "lock", "whatever\n");
  CHECK(read_run_lock(dir / "lock").held == LockHeld::no);
}
