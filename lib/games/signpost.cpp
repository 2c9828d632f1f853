// A hiker sees a sign of some colour, follows a path on which the sign is out of sight, and comes to doors: the one of
// the sign's colour leads home. The sign's colour comes from the episode, and while the sign is in sight nobody can
// move: after that nothing but the player's own memory knows the colour, so a policy without memory takes the right one
// of n doors with probability 1/n. Easy: a straight path, and two doors at their places for ever, so that a colour
// stands for a direction. Hard: a winding path, and four doors in an order of the episode, to be compared with.
#include <algorithm>
#include <array>
#include <vector>

#include "games/board.h"
#include "games/game.h"

namespace srwm::games {
namespace {

constexpr int board_tiles = 8;
constexpr int sign_steps = 2;  ///< that the sign is in sight, the first frame included
constexpr int hall_row = 1;    ///< the doors are in the row above
constexpr std::array door_colors{Tint::red, Tint::blue, Tint::yellow, Tint::green};

class Signpost : public Game {
 public:
  explicit Signpost(Mode mode) : hard_(mode == Mode::hard), doors_(hard_ ? 4 : 2) {}

  void start(RandomSequence& level, RandomSequence& episode) override {
    board_ = Board(board_tiles, level);
    lay_path(level);
    std::array order = door_colors;
    if (hard_) episode.shuffle(order.begin(), order.end());
    for (std::size_t door = 0; door < doors_.size(); ++door) doors_[door] = {door_cell(door), order[door]};
    sign_ = doors_[episode.below(static_cast<std::uint32_t>(doors_.size()))].colour;
    sign_left_ = sign_steps;
  }

  Outcome step(Action action, RandomSequence&) override {
    if (sign_left_ > 0) {
      --sign_left_;
      return {};
    }
    const Cell to = moved(hiker_, action);
    const auto door = std::ranges::find(doors_, to, &Door::cell);
    if (door == doors_.end()) {
      hiker_ = board_.walk(hiker_, action);
      return {};
    }
    const bool right = door->colour == sign_;
    return {.reward = right ? 10.0F : 0.0F, .done = true, .complete = right};
  }

  void draw_ground(Canvas& canvas) const override {
    board_.draw(canvas);
    for (const Door& door : doors_) canvas.draw(door.cell, Sprite::door, door.colour);
  }

  void draw_rest(Canvas& canvas) const override {
    canvas.draw(hiker_, Sprite::hiker);
    if (sign_left_ == 0) return;
    for (int row = 3; row < 6; ++row) {
      for (int column = 2; column < 6; ++column) canvas.draw({row, column}, Sprite::plate, sign_);
    }
  }

  void fields(StateFields& fields) override {
    fields(hiker_);
    fields(sign_left_);
  }

 private:
  struct Door {
    Cell cell;
    Tint colour;
  };

  /// Two doors stand at columns 2 and 5, four at 0, 2, 5 and 7.
  Cell door_cell(std::size_t door) const {
    constexpr std::array<int, 2> two{2, 5};
    constexpr std::array<int, 4> four{0, 2, 5, 7};
    return {hall_row - 1, doors_.size() == 2 ? two.at(door) : four.at(door)};
  }

  /// From the bottom to the hall, straight or turning aside on every second row.
  void lay_path(RandomSequence& level) {
    for (int column = 0; column < board_tiles; ++column) board_.clear({hall_row, column});
    int column = static_cast<int>(level.below(board_tiles));
    hiker_ = {board_tiles - 1, column};
    for (int row = board_tiles - 1; row > hall_row; --row) {
      board_.clear({row, column});
      const bool bends = hard_ && row % 2 == 1;
      if (!bends) continue;
      const int to = static_cast<int>(level.below(board_tiles));
      for (int at = std::min(column, to); at <= std::max(column, to); ++at) board_.clear({row, at});
      column = to;
    }
  }

  bool hard_;
  std::vector<Door> doors_;
  Board board_;
  Tint sign_ = Tint::red;
  Cell hiker_;
  int sign_left_ = 0;
};

}  // namespace

std::unique_ptr<Game> make_signpost(Mode mode) {
  return std::make_unique<Signpost>(mode);
}

}  // namespace srwm::games
