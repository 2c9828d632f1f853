// A mouse looks for the cheese in a maze. Everything is in sight: no memory is needed.
#include <algorithm>
#include <utility>
#include <vector>

#include "games/board.h"
#include "games/game.h"

namespace srwm::games {
namespace {

class Labyrinth : public Game {
 public:
  explicit Labyrinth(Mode mode) : tiles_(mode == Mode::easy ? 8 : 16) {}

  void start(RandomSequence& level, RandomSequence&) override {
    board_ = Board(tiles_, level);
    dig(level);
    for (int opening = 0; opening < tiles_ / 8; ++opening) open_wall(level);
    mouse_ = random_room(level);
    cheese_ = far_room(level);
  }

  Outcome step(Action action, RandomSequence&) override {
    mouse_ = board_.walk(mouse_, action);
    if (mouse_ != cheese_) return {};
    return {.reward = 10, .done = true, .complete = true};
  }

  void draw_ground(Canvas& canvas) const override {
    board_.draw(canvas);
    canvas.draw(cheese_, Sprite::cheese);
  }

  void draw_rest(Canvas& canvas) const override { canvas.draw(mouse_, Sprite::mouse); }

  void fields(StateFields& fields) override { fields(mouse_); }

 private:
  /// Rooms are the cells with even coordinates.
  int rooms() const { return tiles_ / 2; }

  Cell random_room(RandomSequence& level) const {
    const auto count = static_cast<std::uint32_t>(rooms());
    return {static_cast<int>(2 * level.below(count)), static_cast<int>(2 * level.below(count))};
  }

  /// Depth-first walk through all rooms in random order; it removes the hedges it passes.
  void dig(RandomSequence& level) {
    std::vector<Cell> path{random_room(level)};
    board_.clear(path.back());
    while (!path.empty()) {
      std::array directions{Action::left, Action::right, Action::up, Action::down};
      level.shuffle(directions.begin(), directions.end());
      const auto next =
          std::ranges::find_if(directions, [&](Action way) { return is_undug(two_on(path.back(), way)); });
      if (next == directions.end()) {
        path.pop_back();
        continue;
      }
      board_.clear(moved(path.back(), *next));
      path.push_back(two_on(path.back(), *next));
      board_.clear(path.back());
    }
  }

  static Cell two_on(Cell from, Action way) { return moved(moved(from, way), way); }

  bool is_undug(Cell room) const {
    const int end = 2 * rooms();
    return room.row >= 0 && room.column >= 0 && room.row < end && room.column < end && !board_.is_free(room);
  }

  /// One more way between two neighbouring rooms, so that there can be several paths.
  void open_wall(RandomSequence& level) {
    const Cell room = random_room(level);
    const Action way = level.below(2) == 0 ? Action::right : Action::down;
    const Cell other = two_on(room, way);
    if (std::max(other.row, other.column) < 2 * rooms()) board_.clear(moved(room, way));
  }

  /// A room at least half as far from the mouse as the farthest.
  Cell far_room(RandomSequence& level) const {
    const std::vector<int> steps = board_.distances(mouse_);
    const int farthest = *std::ranges::max_element(steps);
    while (true) {
      const Cell room = random_room(level);
      if (2 * board_.distance(steps, room) >= farthest) return room;
    }
  }

  int tiles_;
  Board board_;
  Cell mouse_, cheese_;
};

}  // namespace

std::unique_ptr<Game> make_labyrinth(Mode mode) {
  return std::make_unique<Labyrinth>(mode);
}

}  // namespace srwm::games
