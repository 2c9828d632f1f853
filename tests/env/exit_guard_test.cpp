#include "env/exit_guard.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "support/child.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

/// What a process writes to stderr that ends with code 4.
template <typename Body>
std::string last_words(const Body& body) {
  const TempDir folder;
  const std::string path = (folder / "stderr").string();
  Child child([&] {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDERR_FILENO);
    body();
    return 0;
  });
  CHECK(child.wait() == 4);
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("of two libraries at work the sentence is about the one whose thread called exit") {
  const std::string words = last_words([] {
    ExitGuard left("left.so", "speed=1"), right("right.so", "speed=2");
    right.doing("closing");
    std::thread([&] {
      left.doing("stepping");
      std::exit(1);
    }).join();
  });
  CHECK_THAT(words,
             Contains("The library left.so ended the process by itself (it called exit) while stepping, with the "
                      "options speed=1."));
}

TEST_CASE("in a thread that used no library the sentence is about the newest") {
  const std::string words = last_words([] {
    ExitGuard old("old.so", ""), recent("recent.so", "");
    recent.doing("stepping");
    old.doing("closing");
    std::thread([] { std::exit(1); }).join();
  });
  CHECK_THAT(words, Contains("The library recent.so ended the process by itself (it called exit) while stepping"));
}

TEST_CASE("a library that this thread used before and that is gone is not blamed") {
  const std::string words = last_words([] {
    ExitGuard here("here.so", "");
    here.doing("stepping");
    std::optional<ExitGuard> gone(std::in_place, "gone.so", "");
    gone->doing("closing");
    gone.reset();
    std::exit(1);
  });
  CHECK_THAT(words, Contains("The library here.so ended the process by itself (it called exit) while stepping"));
}
