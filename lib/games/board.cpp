#include "games/board.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace srwm::games {
namespace {

constexpr std::array<std::pair<Tint, Tint>, 4> themes{
    {{Tint::grass, Tint::moss}, {Tint::sand, Tint::clay}, {Tint::snow, Tint::slate}, {Tint::dusk, Tint::plum}}};
constexpr std::array all_directions{Action::left, Action::right, Action::up, Action::down};

}  // namespace

Cell moved(Cell from, Action action) {
  switch (action) {
    case Action::left:
      return {from.row, from.column - 1};
    case Action::right:
      return {from.row, from.column + 1};
    case Action::up:
      return {from.row - 1, from.column};
    case Action::down:
      return {from.row + 1, from.column};
    case Action::stay:
      break;
  }
  return from;
}

Board::Board(int tiles, RandomSequence& level)
    : tiles_(tiles), free_(index({tiles, 0}), false) {  // rows 0 to tiles - 1
  std::tie(floor_, hedge_) = themes[level.below(themes.size())];
}

bool Board::is_free(Cell cell) const {
  const bool inside = cell.row >= 0 && cell.row < tiles_ && cell.column >= 0 && cell.column < tiles_;
  return inside && free_[index(cell)];
}

Cell Board::walk(Cell from, Action action) const {
  const Cell to = moved(from, action);
  return is_free(to) ? to : from;
}

Cell Board::any_free_cell(RandomSequence& random, const std::vector<Cell>& taken) const {
  const auto side = static_cast<std::uint32_t>(tiles_);
  while (true) {
    const Cell cell{static_cast<int>(random.below(side)), static_cast<int>(random.below(side))};
    if (is_free(cell) && std::ranges::find(taken, cell) == taken.end()) return cell;
  }
}

std::vector<int> Board::distances(Cell from) const {
  std::vector<int> steps(free_.size(), -1);
  std::vector<Cell> reached{from};
  steps[index(from)] = 0;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const Action action : all_directions) {
      const Cell next = moved(reached[i], action);
      if (!is_free(next) || steps[index(next)] >= 0) continue;
      steps[index(next)] = steps[index(reached[i])] + 1;
      reached.push_back(next);
    }
  }
  return steps;
}

void Board::draw(Canvas& canvas) const {
  for (int row = 0; row < tiles_; ++row) {
    for (int column = 0; column < tiles_; ++column) {
      const bool open = is_free({row, column});
      canvas.draw({row, column}, open ? Sprite::floor : Sprite::hedge, open ? floor_ : hedge_);
    }
  }
}

}  // namespace srwm::games
