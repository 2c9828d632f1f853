#include "comm/transfers.h"

#include <algorithm>

namespace srwm {
namespace {

/// MPI counts in int.
constexpr std::size_t largest_piece = std::size_t{1} << 30;

}  // namespace

Transfers::~Transfers() {
  const std::scoped_lock lock(mpi_.mutex);
  for (Transfer& transfer : open_) mpi_.library.table->cancel(&transfer.request);
}

void Transfers::send(int rank, int tag, std::span<const std::byte> bytes) {
  const std::scoped_lock lock(mpi_.mutex);
  for (; !bytes.empty() && failed_ < 0; bytes = bytes.subspan(std::min(bytes.size(), largest_piece))) {
    srwm_mpi_request request{};
    const int count = static_cast<int>(std::min(bytes.size(), largest_piece));
    start(rank, mpi_.library.table->send(bytes.data(), count, rank, tag, &request), request);
  }
}

void Transfers::receive(int rank, int tag, std::span<std::byte> bytes) {
  const std::scoped_lock lock(mpi_.mutex);
  for (; !bytes.empty() && failed_ < 0; bytes = bytes.subspan(std::min(bytes.size(), largest_piece))) {
    srwm_mpi_request request{};
    const int count = static_cast<int>(std::min(bytes.size(), largest_piece));
    start(rank, mpi_.library.table->receive(bytes.data(), count, rank, tag, &request), request);
  }
}

void Transfers::start(int rank, int code, const srwm_mpi_request& request) {
  if (code != 0) return note_failure(rank, code);
  open_.push_back({rank, request});
}

void Transfers::note_failure(int rank, int code) {
  if (failed_ >= 0) return;
  failed_ = rank;
  why_ = mpi_.library.error_text(code);
}

bool Transfers::done() {
  const std::scoped_lock lock(mpi_.mutex);
  std::erase_if(open_, [&](Transfer& transfer) {
    int is_done = 0;
    const int code = mpi_.library.table->test(&transfer.request, &is_done);
    if (code != 0) note_failure(transfer.rank, code);
    return code != 0 || is_done != 0;
  });
  return open_.empty() && failed_ < 0;
}

int Transfers::missing() const {
  return open_.empty() ? -1 : open_.front().rank;
}

}  // namespace srwm
