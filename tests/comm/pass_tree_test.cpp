#include "comm/pass_tree.h"

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

namespace {

/// The nodes of the whole tree over `node`, added to `all`.
void list_nodes(const PassRange& node, std::vector<PassRange>& all) {
  all.push_back(node);
  if (node.count() == 1) return;
  list_nodes({node.first, middle_of(node)}, all);
  list_nodes({middle_of(node), node.last}, all);
}

}  // namespace

TEST_CASE("every pass has one rank, and shares differ by one pass at most", "[comm]") {
  for (const std::int64_t passes : {1, 2, 3, 6, 7, 8, 64, 100}) {
    for (int ranks = 1; ranks <= passes; ++ranks) {
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const PassRange share = share_of(passes, rank, ranks);
        CHECK(share.first == next);
        CHECK(share.count() >= passes / ranks);
        CHECK(share.count() <= passes / ranks + 1);
        next = share.last;
      }
      CHECK(next == passes);
    }
  }
}

TEST_CASE("a node is divided at the largest power of two below its size", "[comm]") {
  CHECK(middle_of({0, 2}) == 1);
  CHECK(middle_of({0, 3}) == 2);
  CHECK(middle_of({0, 4}) == 2);
  CHECK(middle_of({0, 6}) == 4);
  CHECK(middle_of({4, 7}) == 6);
  CHECK(middle_of({0, 8}) == 4);
}

TEST_CASE("what a rank adds up alone are nodes of the tree, which together are its passes", "[comm]") {
  for (std::int64_t passes = 1; passes <= 20; ++passes) {
    std::vector<PassRange> tree;
    list_nodes({0, passes}, tree);
    for (int ranks = 1; ranks <= passes; ++ranks) {
      for (int rank = 0; rank < ranks; ++rank) {
        const PassRange share = share_of(passes, rank, ranks);
        std::int64_t next = share.first;
        for (const PassRange& node : nodes_within(passes, share)) {
          INFO(passes << " passes, rank " << rank << " of " << ranks << ": [" << node.first << ", " << node.last
                      << ")");
          CHECK(node.first == next);
          CHECK(std::ranges::find(tree, node) != tree.end());
          next = node.last;
        }
        CHECK(next == share.last);
      }
    }
  }
}

TEST_CASE("complete subtrees stay whole", "[comm]") {
  CHECK(nodes_within(8, {0, 8}) == std::vector<PassRange>{{0, 8}});
  CHECK(nodes_within(8, {4, 8}) == std::vector<PassRange>{{4, 8}});
  CHECK(nodes_within(8, {2, 5}) == std::vector<PassRange>{{2, 4}, {4, 5}});
  CHECK(nodes_within(6, {3, 6}) == std::vector<PassRange>{{3, 4}, {4, 6}});
}
