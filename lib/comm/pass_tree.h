// How the passes of an optimizer step are shared out, and the tree in which their gradients are added up.
#pragma once

#include <cstdint>
#include <vector>

namespace srwm {

/// Passes first .. last - 1 of a step.
struct PassRange {
  std::int64_t first = 0, last = 0;

  std::int64_t count() const { return last - first; }
  bool contains(std::int64_t pass) const { return first <= pass && pass < last; }
  bool operator==(const PassRange&) const = default;
};

/// Rank r of R computes passes [P r / R, P (r + 1) / R).
PassRange share_of(std::int64_t passes, int rank, int ranks);

/// The sum over passes a .. b - 1 is node(a, b) = node(a, m) + node(m, b) with m = a + the largest power of two below
/// b - a; its bits depend on b - a alone. `node` has at least two passes.
std::int64_t middle_of(const PassRange& node);

/// The largest nodes of the tree over `passes` passes that lie in `range`, in their order: together they are the range.
/// A rank adds these up by itself, and only they travel.
std::vector<PassRange> nodes_within(std::int64_t passes, const PassRange& range);

}  // namespace srwm
