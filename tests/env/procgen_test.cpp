// ProcGen's folder; and, where there is one ("test_env [procgen]" with $SRWM_DATA set), ProcGen itself.
#include "env/procgen.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/rng.h"
#include "env/vector_env.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Contains;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string play(VectorEnv& env, const EnvMemory& memory, int begin, int end) {
  std::string seen;
  for (int number = begin; number < end; ++number) {
    const RandomStep random(3, Stream::env, static_cast<std::uint32_t>(number));
    std::uint64_t i = 0;
    for (std::int32_t& action : memory.actions.span<std::int32_t>()) {
      action = static_cast<std::int32_t>(random.at(i++)[0] % 15);
    }
    env.act();
    env.observe();
    for (const Tensor* tensor : {&memory.frames, &memory.rewards, &memory.is_first}) {
      seen.append(static_cast<const char*>(tensor->raw()), tensor->bytes());
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("ProcGen's folder must have every file of its list in its size") {
  const TempDir dir;
  const auto find = [&] { return find_procgen(dir.path().string(), {}); };
  CHECK_THROWS_WITH(find(), Contains("files.txt is missing"));
  write(dir / "files.txt", "3 libenv.so\n4 assets/my picture.png\n");
  write(dir / "libenv.so", "abc");
  CHECK_THROWS_WITH(find(), Contains("assets/my picture.png is missing or of another size"));
  write(dir / "assets/my picture.png", "abcd");
  CHECK(find().library == dir / "libenv.so");
  CHECK(find().images == dir / "assets");
  write(dir / "libenv.so", "ab");
  CHECK_THROWS_AS(find(), DataError);
}

TEST_CASE("ProcGen plays every game in every mode the same on any threads, and goes on from saved states",
          "[.procgen]") {
  const auto library = EnvLibrary::open(EnvLibrary::procgen);
  for (const EnvGame& game : library->description().games) {
    for (const std::string& mode : game.modes) {
      CAPTURE(game.name, mode);
      EnvRequest request;
      request.games = {game.name};
      request.envs = 2;
      request.levels = 20;
      request.settings = {{"distribution_mode", mode}};
      VectorEnv alone(library, request);
      request.threads = 2;
      VectorEnv threaded(library, request);
      const EnvMemory memory(alone), other(threaded);
      alone.start(memory.buffers());
      threaded.start(other.buffers());
      alone.observe();
      threaded.observe();
      CHECK(alone.frame() == FrameShape{64, 64, 3});
      CHECK(play(alone, memory, 0, 60) == play(threaded, other, 0, 60));
      const std::string first = alone.save_state(0), second = alone.save_state(1);
      const std::string later = play(alone, memory, 60, 160);
      threaded.load_state(0, first);
      threaded.load_state(1, second);
      threaded.observe();
      CHECK(play(threaded, other, 60, 160) == later);
    }
  }
}
