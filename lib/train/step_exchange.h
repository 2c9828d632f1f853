// What the ranks of a run tell each other in an optimizer step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "comm/pass_tree.h"
#include "comm/ranks.h"
#include "nn/parameters.h"
#include "ops/context.h"

namespace srwm {

/// What one rank says of a step besides its passes.
struct StepNote {
  std::array<char, 32> stop{};  ///< why it was asked to stop: "SIGUSR1"; empty if it was not
  double seconds = 0;           ///< that its passes took

  static StepNote of(const std::string& stop_reason, double seconds);
  std::string stop_reason() const { return stop.data(); }
};

/// Brings together what ranks have computed for a step, so that each has what a single rank would have: the sum of the
/// gradients of all passes, added up in the tree of comm/pass_tree.h, and a record of each pass. Two rounds: everybody
/// sends everybody its records and, of the nodes of the tree that it has added up, the slice of the parameters that the
/// other owns; the owner finishes the tree there, and the slices are sent around.
class StepExchange {
 public:
  /// `record_bytes` of each pass are exchanged as they are.
  StepExchange(Context& context, ParameterSet& parameters, std::int64_t passes, std::size_t record_bytes, Ranks& ranks);

  /// The passes of this rank.
  const PassRange& share() const { return share_; }
  /// The node that a pass of this rank belongs to.
  const PassRange& node_of(std::int64_t pass) const;
  /// Where the record of a pass is: of this rank's for `run`, of all after it.
  std::span<std::byte> record(std::int64_t pass);
  /// Takes the sum over a node of this rank from the gradient slots.
  void take_node(const PassRange& node);
  /// Exchanges; leaves the sum of all passes in the gradient slots.
  void run(const StepNote& note);
  /// What the ranks said of the step, by rank.
  std::span<const StepNote> notes() const { return notes_; }

 private:
  struct Slice {
    std::int64_t begin, end;
    std::int64_t count() const { return end - begin; }
  };
  /// A node of the tree, the rank that adds it up and its number among that rank's nodes.
  struct Node {
    PassRange passes;
    std::size_t rank, number;
  };

  PassRange share_of_rank(std::size_t rank) const;
  Slice slice_of_rank(std::size_t rank) const;
  std::size_t nodes_of_rank(std::size_t rank) const;
  std::size_t records_bytes(std::size_t rank) const;
  void send_records_and_nodes();
  void put_records(std::size_t rank, std::span<const std::byte> message);
  template <typename Real>
  Real* sum(const PassRange& passes);
  void spread_slices();

  Context& context_;
  ParameterSet& parameters_;
  Ranks& ranks_;
  std::int64_t passes_, count_ = 0;
  std::size_t record_bytes_;
  PassRange share_;
  std::vector<Node> nodes_;        ///< of all ranks
  std::vector<Tensor> node_sums_;  ///< of this rank's nodes, [count], on the host
  Bytes records_;                  ///< of all passes
  std::vector<StepNote> notes_;    ///< of all ranks
  std::vector<Bytes> out_, in_;    ///< messages of the first round, by rank
  Tensor total_;                   ///< the sum of all passes, [count], on the host
};

}  // namespace srwm
