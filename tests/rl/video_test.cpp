#include "tasks/rl/video.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

#include "io/file.h"
#include "ops/backend.h"
#include "rl/rl_fixture.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// While it lives, programs are looked for in one folder alone, which holds `script` as ffmpeg if that is not empty.
class OnlyFfmpeg {
 public:
  OnlyFfmpeg(const std::filesystem::path& folder, const std::string& script) : before_(std::getenv("PATH")) {
    std::filesystem::create_directories(folder);
    if (!script.empty()) {
      const std::filesystem::path program = folder / "ffmpeg";
      std::ofstream(program) << "#!/bin/sh\n" << script << "\n";
      std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    }
    ::setenv("PATH", folder.c_str(), 1);
  }
  ~OnlyFfmpeg() { ::setenv("PATH", before_.c_str(), 1); }
  OnlyFfmpeg(const OnlyFfmpeg&) = delete;
  OnlyFfmpeg& operator=(const OnlyFfmpeg&) = delete;

 private:
  std::string before_;
};

/// Films `steps` steps of standing still, from a folder with a name that is not simple.
std::string film(const TempDir& dir, int steps, std::int64_t episodes = 100) {
  const RlSpec spec = small_rl_spec();
  Context context(cpu_backend(), DType::f32, 1);
  EnvGroup group(context, EnvLibrary::open(spec.env.library), training_request(spec, 0, 2));
  EpisodeFigures figures(group.games());
  VideoWriter writer(dir / "100%:1", spec.env.games, episodes);
  const Tensor stay = context.persistent({2}, DType::i32);
  writer.watch(group);
  for (int step = 0; step < steps; ++step) {
    group.take(context, stay);
    group.act();
    group.observe(context, figures);
    writer.watch(group);
  }
  return writer.make_films();
}

}  // namespace

TEST_CASE("a film is made of each game's frames", "[video]") {
  const TempDir dir;
  const OnlyFfmpeg ffmpeg(dir / "bin", R"(for word; do echo "$word"; done >> )" + (dir / "words").string());
  CHECK(film(dir, 3).empty());
  const std::string words = read_text_file(dir / "words"), folder = (dir / "100%").string();
  CHECK_THAT(words, Contains("\nfile:" + folder + "%:1/signpost/%05d.png\n"));
  CHECK_THAT(words, Contains("\nfile:" + folder + ":1/labyrinth.mp4\n"));
  CHECK(std::filesystem::exists(dir / "100%:1/signpost/00003.png"));
  CHECK_FALSE(std::filesystem::exists(dir / "100%:1/signpost/00004.png"));
}

TEST_CASE("a shorter film leaves no frames of a longer one before it", "[video]") {
  const TempDir dir;
  const OnlyFfmpeg ffmpeg(dir / "bin", "");
  film(dir, 3);
  film(dir, 1);
  CHECK(std::filesystem::exists(dir / "100%:1/labyrinth/00001.png"));
  CHECK_FALSE(std::filesystem::exists(dir / "100%:1/labyrinth/00002.png"));
}

TEST_CASE("only as many episodes as asked for are filmed", "[video]") {
  const TempDir dir;
  const OnlyFfmpeg ffmpeg(dir / "bin", "");
  film(dir, 120, 2);  // signpost: 50 steps an episode
  CHECK(std::filesystem::exists(dir / "100%:1/signpost/00099.png"));
  CHECK_FALSE(std::filesystem::exists(dir / "100%:1/signpost/00100.png"));
}

TEST_CASE("a missing film is explained", "[video]") {
  const TempDir dir;
  {
    const OnlyFfmpeg ffmpeg(dir / "bin", "");
    CHECK(film(dir, 1) ==
          "Only PNG files were written, no MP4: the program ffmpeg is not there (Debian and Ubuntu: apt-get install "
          "ffmpeg).");
  }
  const OnlyFfmpeg ffmpeg(dir / "bin", "exit 3");
  CHECK_THAT(film(dir, 1), Contains("ffmpeg made no whole") && Contains("100%:1/signpost.mp4 (exit code 3)"));
}
