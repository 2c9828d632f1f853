// Four coloured pads light up one after the other; then the player has to step on them in the same order. Lamps count
// the notes played. The melody comes from the episode, no note follows itself, and while it plays nobody can move: a
// policy without memory can only guess, one of four at first and one of three after that, and a wrong note is the end.
#include <algorithm>
#include <array>
#include <vector>

#include "games/board.h"
#include "games/game.h"

namespace srwm::games {
namespace {

constexpr int tiles = 8;
constexpr int pads = 4;
constexpr int steps_per_note = 2;  ///< lit, then dark
constexpr std::array<Tint, pads> pad_colors{Tint::red, Tint::blue, Tint::yellow, Tint::green};

class Melody : public Game {
 public:
  explicit Melody(Mode mode) : notes_(mode == Mode::easy ? 2 : 4) {}

  void start(RandomSequence& level, RandomSequence& episode) override {
    board_ = Board(tiles, level);
    for (int row = 1; row < tiles; ++row) {
      for (int column = 0; column < tiles; ++column) board_.clear({row, column});
    }
    place_pads(level);
    player_ = {4, 3 + static_cast<int>(level.below(2))};
    compose(episode);
    clock_ = played_ = 0;
  }

  Outcome step(Action action, RandomSequence&) override {
    if (clock_ < listening_steps()) {
      ++clock_;
      return {};
    }
    const Cell to = board_.walk(player_, action);
    const bool entered = to != player_;
    player_ = to;
    const auto pad = std::ranges::find(cells_, player_);
    if (!entered || pad == cells_.end()) return {};
    return play(static_cast<int>(pad - cells_.begin()));
  }

  void draw_ground(Canvas& canvas) const override {
    board_.draw(canvas);
    for (std::size_t pad = 0; pad < pads; ++pad) canvas.draw(cells_[pad], Sprite::pad, pad_colors[pad]);
  }

  void draw_rest(Canvas& canvas) const override {
    for (int lamp = 0; lamp < played_; ++lamp) canvas.draw({0, lamp}, Sprite::lamp);
    const bool lit = clock_ < listening_steps() && clock_ % steps_per_note == 0;
    if (lit) {
      const auto pad = static_cast<std::size_t>(notes_[static_cast<std::size_t>(clock_ / steps_per_note)]);
      canvas.draw(cells_[pad], Sprite::lit_pad, pad_colors[pad]);
    }
    canvas.draw(player_, Sprite::hiker);
  }

  void fields(StateFields& fields) override {
    fields(player_);
    fields(clock_);
    fields(played_);
  }

 private:
  int listening_steps() const { return steps_per_note * static_cast<int>(notes_.size()); }

  /// One pad near each corner of the room, the colours in any order.
  void place_pads(RandomSequence& level) {
    for (int pad = 0; pad < pads; ++pad) {
      const int row = (pad < 2 ? 1 : 5) + static_cast<int>(level.below(2));
      const int column = (pad % 2 == 0 ? 1 : 5) + static_cast<int>(level.below(2));
      cells_[static_cast<std::size_t>(pad)] = {row, column};
    }
    level.shuffle(cells_.begin(), cells_.end());
  }

  void compose(RandomSequence& episode) {
    notes_[0] = static_cast<int>(episode.below(pads));
    for (std::size_t i = 1; i < notes_.size(); ++i) {
      notes_[i] = (notes_[i - 1] + 1 + static_cast<int>(episode.below(pads - 1))) % pads;
    }
  }

  /// All notes together are worth 10.
  Outcome play(int pad) {
    const auto length = static_cast<int>(notes_.size());
    if (notes_[static_cast<std::size_t>(played_)] != pad) return {.done = true};
    const bool last = ++played_ == length;
    return {.reward = 10.0F / static_cast<float>(length), .done = last, .complete = last};
  }

  std::vector<int> notes_;
  Board board_;
  std::array<Cell, pads> cells_;
  Cell player_;
  int clock_ = 0, played_ = 0;
};

}  // namespace

std::unique_ptr<Game> make_melody(Mode mode) {
  return std::make_unique<Melody>(mode);
}

}  // namespace srwm::games
