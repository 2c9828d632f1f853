// Hedges and free cells of a square board, and the colours they are drawn in.
#pragma once

#include <vector>

#include "core/rng.h"
#include "games/canvas.h"
#include "games/game.h"

namespace srwm::games {

/// The cell that a step leads to.
Cell moved(Cell from, Action action);

class Board {
 public:
  /// All hedge, in colours drawn from `level`.
  Board(int tiles, RandomSequence& level);
  Board() = default;

  int tiles() const { return tiles_; }
  void clear(Cell cell) { free_[index(cell)] = true; }
  void clear_all() { free_.assign(free_.size(), true); }
  void block(Cell cell) { free_[index(cell)] = false; }
  /// False outside the board too.
  bool is_free(Cell cell) const;
  /// Where a figure at `from` is after the action: hedges stop it.
  Cell walk(Cell from, Action action) const;
  /// A free cell that `taken` does not hold; there must be one.
  Cell any_free_cell(RandomSequence& random, const std::vector<Cell>& taken) const;
  /// Steps from `from` to each cell, row by row; -1 where none lead.
  std::vector<int> distances(Cell from) const;
  int distance(const std::vector<int>& distances, Cell cell) const { return distances[index(cell)]; }
  void draw(Canvas& canvas) const;

 private:
  std::size_t index(Cell cell) const {
    const int place = cell.row * tiles_ + cell.column;
    return static_cast<std::size_t>(place);
  }

  int tiles_ = 0;
  Tint floor_ = Tint::grass, hedge_ = Tint::moss;
  std::vector<bool> free_;
};

}  // namespace srwm::games
