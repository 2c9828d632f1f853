// packaging/launcher.sh, which is bin/srwm in the tarballs, on systems that it only pretends to be on.
#include <regex>

#include <catch2/catch.hpp>

#include "cli/small_run.h"

using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// An unpacked tarball for glibc 2.34 on x86_64, and a system that says of itself what the test wants.
class Unpacked {
 public:
  Unpacked() {
    std::string launcher = read_file(SRWM_LAUNCHER);
    launcher = std::regex_replace(launcher, std::regex("@GLIBC_FLOOR@"), "2.34");
    write_program("tree/bin/srwm", std::regex_replace(launcher, std::regex("@MACHINE@"), "x86_64"));
    write_program("tree/libexec/srwm", "#!/bin/sh\nprintf 'started'\nprintf '|%s' \"$@\"\nexit 7\n");
  }

  RunResult start(const std::string& glibc, const std::string& machine = "x86_64") const {
    write_program("system/getconf", "#!/bin/sh\n" + glibc + "\n");
    write_program("system/uname", "#!/bin/sh\necho " + machine + "\n");
    RunOptions options;
    options.environment["PATH"] = (folder_ / "system").string() + ":/usr/bin:/bin";
    return run_program(folder_ / program_, {"eval", "a b", "*"}, options);
  }

  void link_to(const std::string& name) {
    std::filesystem::create_symlink("tree/bin/srwm", folder_ / name);
    program_ = name;
  }

 private:
  void write_program(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_text(path, text);
    std::filesystem::permissions(path, std::filesystem::perms::all);
  }

  TempDir folder_;
  std::string program_ = "tree/bin/srwm";
};

}  // namespace

TEST_CASE("the launcher starts the program where glibc is new enough", "[launcher]") {
  Unpacked unpacked;
  const char* glibc = GENERATE("echo glibc 2.34", "echo glibc 2.100", "echo glibc 3.0", "exit 1", "echo musl");
  CAPTURE(glibc);
  const RunResult result = unpacked.start(glibc);
  CHECK(result.out == "started|eval|a b|*");
  CHECK(result.err.empty());
  CHECK(result.exit_code == 7);
}

TEST_CASE("the launcher names the glibc that is too old, and what to do", "[launcher]") {
  Unpacked unpacked;
  const char* version = GENERATE("2.33", "2.4", "1.99");
  const RunResult result = unpacked.start(std::string("echo glibc ") + version);
  CHECK(result.exit_code == 4);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("2.34 or newer") && Contains("has " + std::string(version)) && Contains("container"));
}

TEST_CASE("the launcher names a processor of another kind", "[launcher]") {
  const RunResult result = Unpacked().start("echo glibc 2.36", "aarch64");
  CHECK(result.exit_code == 4);
  CHECK_THAT(result.err, Contains("x86_64") && Contains("aarch64"));
}

TEST_CASE("the launcher finds its folder through a link", "[launcher]") {
  Unpacked unpacked;
  unpacked.link_to("link");
  CHECK(unpacked.start("echo glibc 2.36").exit_code == 7);
}
