// A rabbit collects carrots on a field where foxes roam. Everything is in sight: no memory is needed.
#include <algorithm>
#include <array>
#include <vector>

#include "games/board.h"
#include "games/game.h"

namespace srwm::games {
namespace {

class Harvest : public Game {
 public:
  explicit Harvest(Mode mode)
      : tiles_(mode == Mode::easy ? 8 : 16),
        carrots_(mode == Mode::easy ? 5 : 10),
        foxes_(mode == Mode::easy ? 1 : 4),
        bushes_(mode == Mode::easy ? 6 : 40) {}

  void start(RandomSequence& level, RandomSequence&) override {
    do {
      board_ = Board(tiles_, level);
      plant(level);
    } while (!all_reachable());
    left_ = carrots_.size();
  }

  Outcome step(Action action, RandomSequence& random) override {
    rabbit_ = board_.walk(rabbit_, action);
    if (is_caught()) return {.done = true};
    const Outcome outcome = eat();
    if (outcome.done) return outcome;
    for (Cell& fox : foxes_) fox = board_.walk(fox, fox_move(random));
    return {.reward = outcome.reward, .done = is_caught()};
  }

  void draw_ground(Canvas& canvas) const override { board_.draw(canvas); }

  void draw_rest(Canvas& canvas) const override {
    for (const Carrot& carrot : carrots_) {
      if (carrot.there != 0) canvas.draw(carrot.cell, Sprite::carrot);
    }
    canvas.draw(rabbit_, Sprite::rabbit);
    for (const Cell fox : foxes_) canvas.draw(fox, Sprite::fox);
  }

  void fields(StateFields& fields) override {
    fields(rabbit_);
    left_ = 0;
    for (Carrot& carrot : carrots_) {
      fields(carrot.there);
      left_ += static_cast<std::size_t>(carrot.there);
    }
    for (Cell& fox : foxes_) fields(fox);
  }

 private:
  struct Carrot {
    Cell cell;
    int there = 1;
  };

  void plant(RandomSequence& level) {
    board_.clear_all();
    for (int bush = 0; bush < bushes_; ++bush) board_.block(board_.any_free_cell(level, {}));
    std::vector<Cell> taken;
    const auto place = [&] {
      taken.push_back(board_.any_free_cell(level, taken));
      return taken.back();
    };
    rabbit_ = place();
    for (Carrot& carrot : carrots_) carrot = {.cell = place()};
    for (Cell& fox : foxes_) fox = place();
  }

  /// The rabbit gets everywhere, and no fox begins beside it.
  bool all_reachable() const {
    const std::vector<int> steps = board_.distances(rabbit_);
    const auto reached = [&](const Carrot& carrot) { return board_.distance(steps, carrot.cell) >= 0; };
    const auto at_a_distance = [&](Cell fox) {
      const int distance = board_.distance(steps, fox);
      return distance < 0 || distance > 3;
    };
    return std::ranges::all_of(carrots_, reached) && std::ranges::all_of(foxes_, at_a_distance);
  }

  bool is_caught() const { return std::ranges::find(foxes_, rabbit_) != foxes_.end(); }

  /// All carrots together are worth 10.
  Outcome eat() {
    const auto found = std::ranges::find_if(
        carrots_, [&](const Carrot& carrot) { return carrot.there != 0 && carrot.cell == rabbit_; });
    if (found == carrots_.end()) return {};
    found->there = 0;
    const bool last = --left_ == 0;
    return {.reward = 10.0F / static_cast<float>(carrots_.size()), .done = last, .complete = last};
  }

  /// A fox rests half of the time, else it goes anywhere.
  static Action fox_move(RandomSequence& random) {
    const std::uint32_t choice = random.below(8);
    return choice < 4 ? static_cast<Action>(1 + choice) : Action::stay;
  }

  int tiles_;
  std::vector<Carrot> carrots_;
  std::vector<Cell> foxes_;
  int bushes_;
  std::size_t left_ = 0;
  Board board_;
  Cell rabbit_;
};

}  // namespace

std::unique_ptr<Game> make_harvest(Mode mode) {
  return std::make_unique<Harvest>(mode);
}

}  // namespace srwm::games
