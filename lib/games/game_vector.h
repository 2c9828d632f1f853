// What libsrwm_games.so keeps behind a libenv handle.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "env/libenv.h"
#include "games/game.h"
#include "games/step_pool.h"

namespace srwm::games {

struct VectorOptions {
  std::vector<int> games{0};  ///< environment n plays all_games()[games[n % games.size()]]
  Mode mode = Mode::easy;
  std::int32_t first_level = 0, levels = 0;  ///< levels 0: all
  std::int32_t seed = 0;
  int threads = 0;
  int frame_size = 64;  ///< 16, 32 or 64
};

/// Where one environment writes and reads.
struct Places {
  std::uint8_t* frame;
  float* reward;
  std::uint8_t* is_first;
  std::int32_t* level_seed;
  std::int32_t* prev_level_seed;
  std::uint8_t* prev_level_complete;
  const std::int32_t* action;
};

/// One environment. What it does is a function of (seed, index, actions) alone: random numbers are numbered by episode
/// and step, so that there is no generator to save.
class Environment {
 public:
  Environment(const VectorOptions& options, int index, const SpriteSheet& sprites);

  void set_places(const Places& places) { places_ = places; }
  /// Begins the first episode.
  void start();
  void step();
  /// Everything that counts; `load` gives false if the numbers are not such a state.
  std::vector<std::int32_t> save();
  bool load(std::span<const std::int32_t> numbers);

 private:
  void begin_episode();
  void set_up_game();
  RandomSequence random() const;
  void write();
  void common_fields(StateFields& fields);

  const VectorOptions* options_;
  int index_, game_;
  const SpriteSheet* sprites_;
  std::unique_ptr<Game> rules_;
  Places places_{};
  std::vector<std::uint8_t> ground_;  ///< the frame without what moves
  int episode_ = -1, clock_ = 0;
  int level_seed_ = 0, prev_level_seed_ = 0, complete_ = 0, is_first_ = 1, reward_bits_ = 0;
};

class GameVector {
 public:
  GameVector(int size, VectorOptions options);

  int frame_size() const { return options_.frame_size; }
  int size() const { return static_cast<int>(environments_.size()); }
  void set_buffers(const libenv_buffers& buffers);
  void act() { pool_.start(); }
  void observe() { pool_.wait(); }
  std::vector<std::int32_t> save(int index);
  bool load(int index, std::span<const std::int32_t> numbers);

 private:
  const VectorOptions options_;
  std::vector<SpriteSheet> sheets_;  ///< with tiles of 1, 2, 4 and 8 pixels
  std::vector<Environment> environments_;
  bool started_ = false;
  StepPool pool_;
};

}  // namespace srwm::games
