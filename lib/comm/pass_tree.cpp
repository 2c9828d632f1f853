#include "comm/pass_tree.h"

#include <bit>

namespace srwm {
namespace {

void collect_nodes(const PassRange& node, const PassRange& range, std::vector<PassRange>& nodes) {
  if (node.last <= range.first || range.last <= node.first) return;
  if (range.first <= node.first && node.last <= range.last) {
    nodes.push_back(node);
    return;
  }
  const std::int64_t middle = middle_of(node);
  collect_nodes({node.first, middle}, range, nodes);
  collect_nodes({middle, node.last}, range, nodes);
}

}  // namespace

PassRange share_of(std::int64_t passes, int rank, int ranks) {
  return {passes * rank / ranks, passes * (rank + 1) / ranks};
}

std::int64_t middle_of(const PassRange& node) {
  return node.first + static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(node.count() - 1)));
}

std::vector<PassRange> nodes_within(std::int64_t passes, const PassRange& range) {
  std::vector<PassRange> nodes;
  collect_nodes({0, passes}, range, nodes);
  return nodes;
}

}  // namespace srwm
