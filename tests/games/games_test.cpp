// The games as a library of environments.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "env/vector_env.h"
#include "games/game.h"

using namespace srwm;

namespace {

constexpr const char* every_game[] = {"labyrinth", "harvest", "signpost", "melody"};

EnvRequest request_for(std::vector<std::string> games, int envs) {
  EnvRequest request;
  request.games = std::move(games);
  request.envs = envs;
  request.seed = 5;
  request.settings = {{"frame_size", "16"}};
  return request;
}

/// Environments that have begun, and everything they write, as text to compare.
class Player {
 public:
  explicit Player(const EnvRequest& request) : env_(EnvLibrary::open(SRWM_GAMES_LIBRARY), request), memory_(env_) {
    env_.start(memory_.buffers());
    env_.observe();
  }

  VectorEnv& env() { return env_; }
  const EnvMemory& memory() const { return memory_; }
  int is_first(std::size_t i = 0) const { return memory_.is_first.span<std::uint8_t>()[i]; }
  float reward(std::size_t i = 0) const { return memory_.rewards.span<float>()[i]; }

  std::string seen() const {
    std::string text;
    for (const Tensor* tensor : {&memory_.frames, &memory_.rewards, &memory_.is_first}) {
      text.append(static_cast<const char*>(tensor->raw()), tensor->bytes());
    }
    for (const std::int32_t level : env_.info().level_seed) text += std::to_string(level) + " ";
    return text;
  }

  /// Step `number` with actions that depend on it and the environment alone.
  void step(int number) {
    const RandomStep random(1, Stream::env, static_cast<std::uint32_t>(number));
    std::uint64_t i = 0;
    for (std::int32_t& action : memory_.actions.span<std::int32_t>())
      action = static_cast<std::int32_t>(random.at(i++)[0] % 5);
    env_.act();
    env_.observe();
  }

  std::string play(int begin, int end) {
    std::string text;
    for (int number = begin; number < end; ++number) {
      step(number);
      text += seen();
    }
    return text;
  }

 private:
  VectorEnv env_;
  EnvMemory memory_;
};

}  // namespace

TEST_CASE("the same seed plays the same games, with any number of threads") {
  EnvRequest request = request_for({"labyrinth", "harvest", "signpost", "melody"}, 8);
  const std::string alone = Player(request).play(0, 300);
  for (const int threads : {1, 3}) {
    request.threads = threads;
    CHECK(Player(request).play(0, 300) == alone);
  }
  request.seed = 6;
  CHECK(Player(request).play(0, 300) != alone);
}

TEST_CASE("a game does not depend on which others are played, nor an environment on how many there are") {
  Player few(request_for({"melody"}, 2)), many(request_for({"melody"}, 7));
  for (int number = 0; number < 100; ++number) {
    few.step(number);
    many.step(number);
    const std::size_t bytes = few.memory().frames.bytes();
    CHECK(std::equal(few.memory().frames.data<std::uint8_t>(), few.memory().frames.data<std::uint8_t>() + bytes,
                     many.memory().frames.data<std::uint8_t>()));
  }
}

TEST_CASE("saved states go on exactly, in the same environments and in new ones") {
  for (const char* mode : {"easy", "hard"}) {
    EnvRequest request = request_for({"labyrinth", "harvest", "signpost", "melody"}, 8);
    request.settings.push_back({"distribution_mode", mode});
    Player player(request), other(request);
    player.play(0, 137);
    std::vector<std::string> states;
    for (int i = 0; i < player.env().size(); ++i) states.push_back(player.env().save_state(i));
    const std::string then = player.seen(), later = player.play(137, 600);
    for (Player* again : {&player, &other}) {
      for (int i = 0; i < again->env().size(); ++i) again->env().load_state(i, states[static_cast<std::size_t>(i)]);
      again->env().observe();
      CHECK(again->seen() == then);
      CHECK(again->play(137, 600) == later);
    }
  }
}

TEST_CASE("levels are those asked for, and the same level looks the same") {
  for (const char* game : every_game) {
    CAPTURE(game);
    EnvRequest request = request_for({game}, 16);
    request.first_level = 1000;
    request.levels = 3;
    Player player(request);
    std::set<std::int32_t> levels;
    for (int number = 0; number < 500; ++number) {
      for (const std::int32_t level : player.env().info().level_seed) levels.insert(level);
      player.step(number);
    }
    CHECK(levels == std::set<std::int32_t>{1000, 1001, 1002});
  }
  EnvRequest request = request_for({"labyrinth"}, 1);
  request.levels = 1;
  request.first_level = 77;
  Player one(request);
  request.seed = 99;
  CHECK(one.seen() == Player(request).seen());
}

TEST_CASE("is_first says that the reward ended an episode and the frame begins the next") {
  for (const char* game : every_game) {
    CAPTURE(game);
    Player player(request_for({game}, 1));
    CHECK(player.is_first() == 1);
    CHECK(player.reward() == 0);
    int ends = 0;
    for (int number = 0; number < 2000; ++number) {
      const std::int32_t level = player.env().info().level_seed[0];
      player.step(number);
      const EnvInfo& info = player.env().info();
      CHECK(info.prev_level_seed[0] == level);
      if (player.is_first() == 0) CHECK(info.level_seed[0] == level);
      if (info.prev_level_complete[0] != 0) CHECK((player.is_first() == 1 && player.reward() > 0));
      ends += player.is_first();
    }
    CHECK(ends >= 2000 / 200);
  }
}

TEST_CASE("an episode in which nothing happens ends after its longest time") {
  for (std::size_t game = 0; game < 4; ++game) {
    if (std::string(every_game[game]) == "harvest") continue;  // the fox comes sooner or later
    CAPTURE(every_game[game]);
    Player player(request_for({every_game[game]}, 1));
    int steps = 0;
    do {
      player.env().act();  // the action 0: stay
      player.env().observe();
      ++steps;
    } while (player.is_first() == 0);
    CHECK(steps == games::all_games()[game].longest[0]);
  }
}

TEST_CASE("a step shows at every size of frames") {
  const char* size = GENERATE("16", "32", "64");
  const char* mode = GENERATE("easy", "hard");
  for (const char* game : every_game) {
    CAPTURE(size, mode, game);
    EnvRequest request = request_for({game}, 4);
    request.settings = {{"frame_size", size}, {"distribution_mode", mode}};
    Player player(request);
    CHECK(player.env().frame().height == std::stoi(size));
    std::set<std::string> pictures;
    for (int number = 0; number < 40; ++number) {
      player.step(number);
      pictures.insert(player.seen());
    }
    CHECK(pictures.size() > 20);
  }
}
