#include "env/vector_env.h"

#include <numeric>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "env/play.h"

using namespace srwm;

namespace {

EnvRequest request_for(const std::string& behaviour, int envs) {
  EnvRequest request;
  request.games = {behaviour};
  request.envs = envs;
  return request;
}

}  // namespace

TEST_CASE("frames, rewards and is_first land in the caller's buffers, one environment after the other") {
  VectorEnv env(EnvLibrary::open(SRWM_FAKE_ENV), request_for("works", 5));
  CHECK(env.frame() == FrameShape{1, 2, 1});
  CHECK(env.actions() == 3);
  const EnvMemory memory(env);
  env.start(memory.buffers());
  env.observe();
  CHECK(memory.is_first.span<std::uint8_t>()[4] == 1);
  std::iota(memory.actions.data<std::int32_t>(), memory.actions.data<std::int32_t>() + 5, 10);
  env.act();
  env.observe();
  for (std::size_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    CHECK(memory.frames.span<std::uint8_t>()[2 * i] == i);
    CHECK(memory.frames.span<std::uint8_t>()[2 * i + 1] == 1);
    CHECK(memory.rewards.span<float>()[i] == 10.0F + static_cast<float>(i));
    CHECK(memory.is_first.span<std::uint8_t>()[i] == 0);
  }
  CHECK(env.info().level_seed.empty());
}

TEST_CASE("a library written in C with the header alone is played") {
  VectorEnv env(EnvLibrary::open(SRWM_C_ENV), request_for("", 2));
  const EnvMemory memory(env);
  env.start(memory.buffers());
  env.observe();
  CHECK(memory.is_first.span<std::uint8_t>()[1] == 1);
  memory.actions.data<std::int32_t>()[0] = 0;
  memory.actions.data<std::int32_t>()[1] = 1;
  env.act();
  env.observe();
  CHECK(memory.frames.span<std::uint8_t>()[1] == 1);
  CHECK(memory.rewards.span<float>()[0] == 0.0F);
  CHECK(memory.rewards.span<float>()[1] == 1.0F);
  CHECK(memory.is_first.span<std::uint8_t>()[1] == 0);
}

TEST_CASE("options reach a library in the types of libenv") {
  EnvRequest request = request_for("options", 1);
  for (const char* setting : {"number=77", "word=seven", "truth=true"})
    request.settings.push_back(parse_setting(setting));
  VectorEnv env(EnvLibrary::open(SRWM_FAKE_ENV), request);
  const EnvMemory memory(env);
  env.start(memory.buffers());
  CHECK(memory.frames.span<std::uint8_t>()[0] == 77);
  CHECK(memory.frames.span<std::uint8_t>()[1] == 5);
  CHECK(memory.rewards.span<float>()[0] == 1.0F);
}

TEST_CASE("random play counts steps and episodes") {
  VectorEnv env(EnvLibrary::open(SRWM_FAKE_ENV), request_for("works", 3));
  const EnvMemory memory(env);
  env.start(memory.buffers());
  const PlaySummary summary = play_randomly(env, memory, 0.01, 1);
  CHECK(summary.steps % 3 == 0);
  CHECK(summary.episodes == summary.steps / 12 * 3);
  CHECK(summary.mean_length == 4);
  CHECK(summary.mean_return == Approx(4).margin(0.5));  // four rewards of 1 on average
}

TEST_CASE("a recording has the frame before the first step, and repeats its actions") {
  VectorEnv env(EnvLibrary::open(SRWM_FAKE_ENV), request_for("works", 2));
  const EnvMemory memory(env);
  env.start(memory.buffers());
  const Recording recording = record_play(env, memory, 5, {2, 0}, 0);
  CHECK(recording.frames.shape() == Shape{6, 1, 2, 1});
  CHECK(recording.actions == std::vector<std::int32_t>{2, 0, 2, 0, 2});
  CHECK(recording.rewards == std::vector<float>{2, 0, 2, 0, 2});
  CHECK(recording.ended == std::vector<bool>{false, false, false, true, false});
  for (std::size_t step = 0; step < 6; ++step) CHECK(recording.frames.span<std::uint8_t>()[2 * step + 1] == step % 4);
}
