// How gradients that are sums over sequences are summed on several threads: the sequences are cut into slices that do
// not depend on the number of threads, each slice is summed by one thread, and the slices' sums are added in order.
#pragma once

#include <cstdint>

#include "core/parallel.h"
#include "ops/context.h"
#include "ops/cpu/scratch.h"
#include "ops/op.h"

namespace srwm::cpu {

/// Slices of [0, batch); none crosses the border of a group of batch / groups consecutive sequences.
class Slices {
 public:
  Slices(std::int64_t batch, std::int64_t groups);

  std::int64_t count() const { return groups_ * per_group_; }
  std::int64_t per_group() const { return per_group_; }
  /// First sequence of a slice; begin(s + 1) is its end.
  std::int64_t begin(std::int64_t slice) const;

 private:
  std::int64_t groups_, group_size_, per_group_;
};

/// grad[g, :] = sum over the slices s of group g of partial[s, :], in order; `grad` is written by its mode.
/// partial is f32 [groups * per_group, grad.value.numel() / groups].
void sum_slices(int threads, const Tensor& partial, std::int64_t groups, std::int64_t per_group, const Grad& grad);

/// Calls body(item, scratch) for items [0, n) on the threads of the context, each with separate working memory:
/// `scratch_floats` uninitialized floats. The memory is given back to the arena.
template <typename Body>
void for_each_with_scratch(Context& context, std::int64_t n, std::int64_t scratch_floats, const Body& body) {
  const Arena::Mark mark = context.arena().mark();
  const ThreadScratch scratch(context, scratch_floats);
  parallel_for(context.threads(), n, [&](std::int64_t item) { body(item, scratch.mine()); });
  context.arena().rewind(mark);
}

}  // namespace srwm::cpu
