#include "train/gradient_tree.h"

#include <bit>

#include "ops/backend.h"

namespace srwm {

GradientTree::GradientTree(Context& context, const ParameterSet& parameters, std::int64_t most_passes)
    : parameters_(parameters) {
  const int levels = std::bit_width(static_cast<std::uint64_t>(most_passes - 1));
  for (int level = 0; level < levels; ++level) {
    std::vector<Tensor>& sums = levels_.emplace_back();
    for (const Parameter& p : parameters.parameters()) sums.push_back(context.persistent(p.value.shape()));
  }
}

int GradientTree::completed(std::int64_t index) {
  return std::countr_one(static_cast<std::uint64_t>(index));
}

std::int64_t GradientTree::kind(std::int64_t index, std::int64_t passes) {
  return index == passes - 1 ? -passes : completed(index);
}

void GradientTree::add(Context& context, std::int64_t index, std::int64_t passes) const {
  const bool last = index == passes - 1;
  if (last) {
    // The subtrees that wait are those of the ones in the binary form of `index`; the smallest is the innermost.
    for (int level = 0; level < static_cast<int>(levels_.size()); ++level) {
      if ((index >> level & 1) != 0) add_level(context, level);
    }
    return;
  }
  const int level = completed(index);
  for (int below = 0; below < level; ++below) add_level(context, below);
  std::size_t i = 0;
  for (const Parameter& p : parameters_.parameters()) {
    context.copy(levels_[static_cast<std::size_t>(level)][i++], p.slot.grad);
  }
}

void GradientTree::add_level(Context& context, int level) const {
  std::size_t i = 0;
  for (const Parameter& p : parameters_.parameters()) {
    context.backend().updates.scale_add(context, {1, p.slot.grad, levels_[static_cast<std::size_t>(level)][i++]});
  }
}

}  // namespace srwm
