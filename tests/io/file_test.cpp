#include "io/file.h"

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/error.h"
#include "io/append_file.h"
#include "support/child.h"
#include "support/small_disk.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// A text that shows whether it is whole: its letter and its length belong together.
std::string version_text(int version) {
  return std::string(static_cast<std::size_t>(50'000 + 10'000 * (version % 7)), static_cast<char>('a' + version % 26));
}

bool is_whole(const std::string& text) {
  for (int version = 0; version < 7 * 26; ++version) {
    if (text == version_text(version)) return true;
  }
  return false;
}

void limit_file_size(rlim_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

TEST_CASE("a file is written and replaced, and nothing else is left", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.txt";
  write_file_atomically(path, "first");
  write_file_atomically(path, std::string_view("sec\0nd", 6));
  CHECK(read_text_file(path) == std::string("sec\0nd", 6));
  write_file_atomically(path, "");
  CHECK(read_text_file(path).empty());
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("what stands in the way of writing is said in words", "[file]") {
  const TempDir dir;
  write_file_atomically(dir.path() / "file", "x");
  fs::create_directory(dir.path() / "folder");
  CHECK_THROWS_WITH(write_file_atomically(dir.path() / "file/below", "x"),
                    Contains("below: a part of the path is a file, not a folder."));
  CHECK_THROWS_WITH(write_file_atomically(dir.path() / "missing/below", "x"), Contains("no such file or folder"));
  CHECK_THROWS_WITH(write_file_atomically(dir.path() / "folder", "x"), Contains("it is a folder"));
  CHECK_THROWS_AS(read_text_file(dir.path() / "missing"), DataError);
  CHECK_THROWS_WITH(read_text_file(dir.path() / "folder"), Contains("it is a folder"));
  CHECK_THROWS_WITH(make_directories(dir.path() / "file/below"), Contains("a part of the path is a file"));
  CHECK_THROWS_WITH(make_directories(dir.path() / "file"), Contains("Cannot create the folder"));
  CHECK(files_in(dir.path()) == 2);
}

TEST_CASE("make_directories makes parents and accepts what is there", "[file]") {
  const TempDir dir;
  make_directories(dir.path() / "a/b/c");
  make_directories(dir.path() / "a/b/c");
  CHECK(fs::is_directory(dir.path() / "a/b/c"));
}

TEST_CASE("an unknown error number still makes a sentence", "[file]") {
  CHECK_THAT(explain_errno(EXDEV), Contains("the system says"));
}

TEST_CASE("a full device leaves the old file as it was", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.txt";
  write_file_atomically(path, "old");
  fs::create_symlink("/dev/full", path.string() + ".tmp");
  CHECK_THROWS_WITH(write_file_atomically(path, "new"), Contains("the disk is full"));
  CHECK(read_text_file(path) == "old");
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("a disk that fills up half-way leaves the old file as it was", "[file]") {
  const SmallDisk disk(64);
  if (!disk.mounted()) {
    WARN("skipped: cannot mount a small disk: " << disk.why_not());
    return;
  }
  const fs::path path = disk.path() / "a.txt";
  write_file_atomically(path, std::string(20'000, 'o'));
  CHECK_THROWS_WITH(write_file_atomically(path, std::string(60'000, 'n')), Contains("the disk is full"));
  CHECK(read_text_file(path) == std::string(20'000, 'o'));
  CHECK(files_in(disk.path()) == 1);
}

TEST_CASE("a file-size limit leaves the old file as it was", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.txt";
  write_file_atomically(path, "old");
  Child child([&] {
    limit_file_size(1000);
    try {
      write_file_atomically(path, std::string(5000, 'n'));
    } catch (const DataError& error) {
      return std::string_view(error.what()).find("larger than allowed") != std::string_view::npos ? 0 : 1;
    }
    return 2;
  });
  CHECK(child.wait() == 0);
  CHECK(read_text_file(path) == "old");
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("a writer killed at any moment leaves a whole file", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.txt";
  write_file_atomically(path, version_text(0));
  std::mt19937 random(20220717);
  int replaced = 0;
  // On a busy machine the first writers may be killed before they have written anything.
  for (int kill = 0; kill < 200 || (replaced == 0 && kill < 5000); ++kill) {
    Child writer([&] {
      for (int version = kill;; ++version) write_file_atomically(path, version_text(version));
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    writer.send(SIGKILL);
    writer.wait();
    const std::string text = read_text_file(path);
    REQUIRE(is_whole(text));
    if (text != version_text(0)) ++replaced;
  }
  CHECK(replaced > 0);
}

TEST_CASE("a file gets another name in place of an old file", "[file]") {
  const TempDir dir;
  const fs::path older = dir.path() / "old", newer = dir.path() / "new";
  write_file_atomically(older, "old");
  write_file_atomically(newer, "new");
  for (int time = 0; time < 2; ++time) {  // the second time both names are the file's already
    REQUIRE(replace_by_link(newer, older));
    CHECK(read_text_file(older) == "new");
    CHECK(fs::equivalent(older, newer));
    CHECK(files_in(dir.path()) == 2);
  }
}

TEST_CASE("an append file is cut to what is kept and grows from there", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.log";
  {
    AppendFile file(path, 0);
    file.append("one\n");
    file.append("two\n");
    file.sync();
    CHECK(file.size() == 8);
  }
  AppendFile file(path, 4);
  CHECK(file.size() == 4);
  file.append("three\n");
  CHECK(read_text_file(path) == "one\nthree\n");
}

TEST_CASE("an append that does not fit is taken back", "[file]") {
  const TempDir dir;
  const fs::path path = dir.path() / "a.log";
  Child child([&] {
    limit_file_size(10);
    AppendFile file(path, 0);
    file.append("12345678");
    try {
      file.append("90ab");  // two of the four bytes find room
    } catch (const DataError&) {
      return file.size() == 8 ? 0 : 1;
    }
    return 2;
  });
  CHECK(child.wait() == 0);
  CHECK(read_text_file(path) == "12345678");
  AppendFile full("/dev/full", 0);
  CHECK_THROWS_WITH(full.append("x"), "Cannot write /dev/full: the disk is full.");
}

TEST_CASE("what cannot be looked for is not taken for missing", "[file]") {
  const TempDir dir;
  write_file_atomically(dir / "there", "x");
  CHECK(is_there(dir / "there"));
  CHECK(is_there(dir.path()));
  CHECK_FALSE(is_there(dir / "absent"));
  CHECK_FALSE(is_there(dir / "there/below-a-file"));
  fs::create_symlink(dir / "circle", dir / "circle");
  CHECK_THROWS_AS(is_there(dir / "circle"), DataError);
  CHECK_THROWS_WITH(is_there(dir / "circle"), Contains("Cannot look for") && Contains("in circles"));
}
