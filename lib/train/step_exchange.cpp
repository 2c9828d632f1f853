#include "train/step_exchange.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/parallel.h"

namespace srwm {

StepNote StepNote::of(const std::string& stop_reason, double seconds) {
  StepNote note{.seconds = seconds};
  std::copy_n(stop_reason.begin(), std::min(stop_reason.size(), note.stop.size() - 1), note.stop.begin());
  return note;
}

StepExchange::StepExchange(Context& context, ParameterSet& parameters, std::int64_t passes, std::size_t record_bytes,
                           Ranks& ranks)
    : context_(context),
      parameters_(parameters),
      ranks_(ranks),
      passes_(passes),
      count_(parameters.count()),
      record_bytes_(record_bytes),
      share_(srwm::share_of(passes, ranks.rank(), ranks.size())),
      records_(static_cast<std::size_t>(passes) * record_bytes),
      notes_(static_cast<std::size_t>(ranks.size())),
      out_(notes_.size()),
      in_(notes_.size()),
      total_(Tensor::owning({count_}, context.real())) {
  const auto here = static_cast<std::size_t>(ranks.rank());
  for (std::size_t rank = 0; rank < notes_.size(); ++rank) {
    const std::vector<PassRange> of_rank = nodes_within(passes, share_of_rank(rank));
    for (std::size_t i = 0; i < of_rank.size(); ++i) nodes_.push_back({of_rank[i], rank, i});
  }
  for (std::size_t i = 0; i < nodes_of_rank(here); ++i) node_sums_.push_back(Tensor::owning({count_}, context.real()));
  const std::size_t real = size_of(context.real());
  for (std::size_t rank = 0; rank < notes_.size(); ++rank) {
    if (rank == here) continue;
    out_[rank].resize(records_bytes(here) +
                      nodes_of_rank(here) * static_cast<std::size_t>(slice_of_rank(rank).count()) * real);
    in_[rank].resize(records_bytes(rank) +
                     nodes_of_rank(rank) * static_cast<std::size_t>(slice_of_rank(here).count()) * real);
  }
}

PassRange StepExchange::share_of_rank(std::size_t rank) const {
  return srwm::share_of(passes_, static_cast<int>(rank), ranks_.size());
}

StepExchange::Slice StepExchange::slice_of_rank(std::size_t rank) const {
  const auto r = static_cast<std::int64_t>(rank), ranks = static_cast<std::int64_t>(ranks_.size());
  return {count_ * r / ranks, count_ * (r + 1) / ranks};
}

std::size_t StepExchange::nodes_of_rank(std::size_t rank) const {
  return static_cast<std::size_t>(std::ranges::count(nodes_, rank, &Node::rank));
}

/// The beginning of a message: a note, and the records of the rank's passes.
std::size_t StepExchange::records_bytes(std::size_t rank) const {
  return sizeof(StepNote) + static_cast<std::size_t>(share_of_rank(rank).count()) * record_bytes_;
}

const PassRange& StepExchange::node_of(std::int64_t pass) const {
  return std::ranges::find_if(nodes_, [&](const Node& node) { return node.passes.contains(pass); })->passes;
}

std::span<std::byte> StepExchange::record(std::int64_t pass) {
  return std::span(records_).subspan(static_cast<std::size_t>(pass) * record_bytes_, record_bytes_);
}

void StepExchange::take_node(const PassRange& node) {
  const Node& mine = *std::ranges::find(nodes_, node, &Node::passes);
  SRWM_CHECK(mine.rank == static_cast<std::size_t>(ranks_.rank()), "a node of rank {}", mine.rank);
  std::int64_t begin = 0;
  for (const Parameter& p : parameters_.parameters()) {
    context_.download(node_sums_[mine.number].rows(begin, begin + p.value.numel()).raw(), p.slot.grad);
    begin += p.value.numel();
  }
}

void StepExchange::run(const StepNote& note) {
  const auto here = static_cast<std::size_t>(ranks_.rank());
  notes_[here] = note;
  send_records_and_nodes();
  const Slice slice = slice_of_rank(here);
  const std::size_t bytes = static_cast<std::size_t>(slice.count()) * size_of(context_.real());
  const void* finished = context_.real() == DType::f64 ? static_cast<void*>(sum<double>({0, passes_}))
                                                       : static_cast<void*>(sum<float>({0, passes_}));
  if (bytes > 0) std::memcpy(total_.rows(slice.begin, slice.end).raw(), finished, bytes);
  spread_slices();
  parameters_.set_gradients(context_, total_);
}

void StepExchange::send_records_and_nodes() {
  const auto here = static_cast<std::size_t>(ranks_.rank());
  std::vector<std::span<const std::byte>> sends(notes_.size());
  std::vector<std::span<std::byte>> receives(notes_.size());
  for (std::size_t rank = 0; rank < notes_.size(); ++rank) {
    if (rank == here) continue;
    std::byte* to = out_[rank].data();
    const auto append = [&](const void* from, std::size_t bytes) {
      if (bytes > 0) std::memcpy(to, from, bytes);
      to += bytes;
    };
    append(&notes_[here], sizeof(StepNote));
    append(records_.data() + static_cast<std::size_t>(share_.first) * record_bytes_,
           static_cast<std::size_t>(share_.count()) * record_bytes_);
    const Slice slice = slice_of_rank(rank);
    for (const Tensor& node : node_sums_) {
      const Tensor part = node.rows(slice.begin, slice.end);
      append(part.raw(), part.bytes());
    }
    sends[rank] = out_[rank];
    receives[rank] = in_[rank];
  }
  ranks_.exchange(sends, receives);
  for (std::size_t rank = 0; rank < notes_.size(); ++rank) {
    if (rank != here) put_records(rank, in_[rank]);
  }
}

void StepExchange::put_records(std::size_t rank, std::span<const std::byte> message) {
  std::memcpy(&notes_[rank], message.data(), sizeof(StepNote));
  const PassRange passes = share_of_rank(rank);
  std::ranges::copy(
      message.subspan(sizeof(StepNote), static_cast<std::size_t>(passes.count()) * record_bytes_),
      records_.begin() + static_cast<std::ptrdiff_t>(passes.first) * static_cast<std::ptrdiff_t>(record_bytes_));
}

/// This rank's slice of the sum over a node. Sums are left where their left half was.
template <typename Real>
Real* StepExchange::sum(const PassRange& passes) {
  const auto here = static_cast<std::size_t>(ranks_.rank());
  const Slice slice = slice_of_rank(here);
  const auto node = std::ranges::find(nodes_, passes, &Node::passes);
  if (node != nodes_.end()) {
    if (node->rank == here) return node_sums_[node->number].data<Real>() + slice.begin;
    const std::size_t nodes_before = node->number * static_cast<std::size_t>(slice.count()) * sizeof(Real);
    return reinterpret_cast<Real*>(in_[node->rank].data() + records_bytes(node->rank) + nodes_before);
  }
  const std::int64_t middle = middle_of(passes);
  Real* left = sum<Real>({passes.first, middle});
  const Real* right = sum<Real>({middle, passes.last});
  constexpr std::int64_t grain = 4096;
  parallel_ranges(context_.threads(), slice.count(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) left[i] += right[i];
  });
  return left;
}

void StepExchange::spread_slices() {
  std::vector<std::span<std::byte>> slices;
  for (std::size_t rank = 0; rank < notes_.size(); ++rank) {
    const Slice slice = slice_of_rank(rank);
    const Tensor part = total_.rows(slice.begin, slice.end);
    slices.emplace_back(static_cast<std::byte*>(part.raw()), part.bytes());
  }
  ranks_.share_slices(slices);
}

}  // namespace srwm
