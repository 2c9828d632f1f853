#include "run/run_folder.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "io/file.h"
#include "support/child.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("a run folder is made with its parents", "[run_folder]") {
  const TempDir dir;
  const RunFolder run = RunFolder::open(dir.path() / "runs/demo-s1", false);
  CHECK(run.locked());
  CHECK(fs::is_directory(run.paths().checkpoints()));
  CHECK_FALSE(run.paths().is_occupied());
  run.write_spec("{}\n");
  CHECK(run.paths().read_spec() == "{}\n");
  CHECK(run.paths().at_step(1200) == dir.path() / "runs/demo-s1/checkpoints/step-1200.h5");
  CHECK(default_run_folder("demo", 18446744073709551615u) == fs::path("runs/demo-s18446744073709551615"));
}

TEST_CASE("an occupied run folder is refused unless it is resumed", "[run_folder]") {
  const TempDir dir;
  const fs::path root = dir.path() / "demo";
  RunFolder::open(root, false).write_spec("{}");
  CHECK_THROWS_AS(RunFolder::open(root, false), UsageError);
  CHECK_THROWS_WITH(RunFolder::open(root, false),
                    Contains("unfinished run. Use --resume to go on with it, or another"));
  {
    const RunFolder run = RunFolder::open(root, true);
    CHECK_FALSE(run.paths().has_checkpoint());
    write_file_atomically(run.paths().latest(), "x");
    CHECK(run.paths().has_checkpoint());
    CHECK_FALSE(run.paths().is_done());
    run.mark_done();
    CHECK(run.paths().is_done());
  }
  CHECK_THROWS_WITH(RunFolder::open(root, false), Contains("holds a finished run. Choose another --run-dir"));
}

TEST_CASE("files that are not ours do not occupy a run folder", "[run_folder]") {
  const TempDir dir;
  write_file_atomically(dir.path() / "slurm-1.out", "x");
  CHECK_NOTHROW(RunFolder::open(dir.path(), false));
  CHECK_NOTHROW(RunFolder::open(dir.path(), false));
}

TEST_CASE("a run folder in use is refused to a second process", "[run_folder]") {
  const TempDir dir;
  const ReadyPipe ready;
  Child holder([&] {
    const RunFolder run = RunFolder::open(dir.path(), false);
    ready.set();
    for (;;) ::pause();
    return 0;
  });
  REQUIRE(ready.wait());
  for (const bool resume : {false, true}) {
    CHECK_THROWS_AS(RunFolder::open(dir.path(), resume), UsageError);
    CHECK_THROWS_WITH(RunFolder::open(dir.path(), resume),
                      Contains("is in use by process " + std::to_string(holder.pid())));
  }
  holder.send(SIGKILL);
  CHECK(holder.wait() == -SIGKILL);
  CHECK_NOTHROW(RunFolder::open(dir.path(), true));
}

TEST_CASE("a run folder that cannot be made is refused in words", "[run_folder]") {
  const TempDir dir;
  write_file_atomically(dir.path() / "file", "x");
  CHECK_THROWS_AS(RunFolder::open(dir.path() / "file/demo", false), DataError);
  CHECK_THROWS_WITH(RunFolder::open(dir.path() / "file", false), Contains("Cannot create the folder"));
}
