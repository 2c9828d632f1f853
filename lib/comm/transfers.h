// Messages between processes, whatever their size, over a plug-in for MPI.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "comm/mpi_library.h"

namespace srwm {

/// The functions of a plug-in, of which several threads may call one at a time.
struct Mpi {
  MpiLibrary library;
  std::mutex mutex;
};

/// What is on its way between this process and others, each message in pieces that MPI can count.
class Transfers {
 public:
  explicit Transfers(Mpi& mpi) : mpi_(mpi) {}
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  // The memory must stay until `done`. The first error of MPI makes a transfer fail.
  void send(int rank, int tag, std::span<const std::byte> bytes);
  void receive(int rank, int tag, std::span<std::byte> bytes);

  /// Moves on; whether all are done.
  bool done();
  /// A rank whose transfer is not done; -1 if there is none.
  int missing() const;
  /// A rank whose connection has failed, and what MPI said; -1 if there is none.
  int failed() const { return failed_; }
  const std::string& why() const { return why_; }

 private:
  struct Transfer {
    int rank;
    srwm_mpi_request request;
  };
  void start(int rank, int code, const srwm_mpi_request& request);
  void note_failure(int rank, int code);

  Mpi& mpi_;
  std::vector<Transfer> open_;
  int failed_ = -1;
  std::string why_;
};

}  // namespace srwm
