// What every game of libsrwm_games.so is: a board of tiles on which one figure walks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/rng.h"
#include "games/canvas.h"

namespace srwm::games {

enum class Mode : int { easy, hard };
inline constexpr int modes = 2;

/// Action numbers, and their names in the order of the numbers.
enum class Action : std::int32_t { stay, left, right, up, down };
inline constexpr std::array<const char*, 5> action_names{"stay", "left", "right", "up", "down"};

struct Outcome {
  float reward = 0;
  bool done = false;      ///< the episode is over
  bool complete = false;  ///< ... and was played to its good end
};

/// Either writes the fields it is shown into a list of numbers or reads them back, so that saving and loading are one
/// function.
class StateFields {
 public:
  explicit StateFields(std::vector<std::int32_t>& written) : written_(&written) {}
  explicit StateFields(std::span<const std::int32_t> read) : read_(read) {}
  void operator()(int& field) {
    if (written_ != nullptr) {
      written_->push_back(field);
    } else if (at_ < read_.size()) {
      field = read_[at_++];
    }
  }
  void operator()(Cell& cell) {
    (*this)(cell.row);
    (*this)(cell.column);
  }

 private:
  std::vector<std::int32_t>* written_ = nullptr;
  std::span<const std::int32_t> read_;
  std::size_t at_ = 0;
};

class Game {
 public:
  virtual ~Game() = default;

  /// Begins an episode. Layout and looks come from `level` alone, so that a level can be met again; what is to be
  /// remembered comes from `episode`, so that nobody learns it by heart together with the level.
  virtual void start(RandomSequence& level, RandomSequence& episode) = 0;
  /// One step; `random` is new in each.
  virtual Outcome step(Action action, RandomSequence& random) = 0;
  /// What does not change during an episode; covers the whole frame.
  virtual void draw_ground(Canvas& canvas) const = 0;
  /// What does, on top of it.
  virtual void draw_rest(Canvas& canvas) const = 0;
  /// Shows all that steps change. Loading follows a `start` with the same random numbers.
  virtual void fields(StateFields& fields) = 0;
};

/// A game, and what can be said of it beforehand.
struct GameEntry {
  const char* name;
  const char* summary;
  bool memory;                           ///< whether something seen early decides later
  std::array<int, modes> tiles;          ///< of the board's side
  std::array<int, modes> longest;        ///< steps of an episode, then it ends
  std::array<double, modes> best;        ///< return of perfect play
  std::array<double, modes> memoryless;  ///< the most that a policy without memory can expect
  std::unique_ptr<Game> (*make)(Mode mode);
};

/// All games. Their order is part of what a level is: append, never reorder.
std::span<const GameEntry> all_games();

std::unique_ptr<Game> make_labyrinth(Mode mode);
std::unique_ptr<Game> make_harvest(Mode mode);
std::unique_ptr<Game> make_signpost(Mode mode);
std::unique_ptr<Game> make_melody(Mode mode);

}  // namespace srwm::games
