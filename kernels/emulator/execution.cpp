#include "kernels/emulator/execution.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/emulator/fiber.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace srwm::emulator {
namespace {

constexpr unsigned warp_lanes = 32;

/// A place where `expected` threads wait for each other, again and again.
struct Meeting {
  unsigned expected = 0, arrived = 0;
  unsigned generation = 0;
};

struct Slot {
  alignas(16) unsigned char bytes[16];
};

/// What a lane hands in.
struct Value {
  alignas(16) unsigned char bytes[exchange_stride];
};

/// Two sets of values: a lane may hand in its next value while others still read the last.
struct Warp {
  Meeting meeting;
  Value values[2][warp_lanes];
};

/// Everything of the block that is running. Fibers and memory are kept from launch to launch.
class Block {
 public:
  void run(const char* kernel, dim3 shape, std::size_t shared_bytes, void (*thread)(void*), void* argument,
           bool backwards);
  void meet(Meeting& meeting);
  void leave();
  Meeting& barrier() { return barrier_; }
  Warp& warp() { return warps_[current_ / warp_lanes]; }
  unsigned lane() const { return current_ % warp_lanes; }
  void* shared() { return shared_.data(); }

 private:
  void prepare(std::size_t shared_bytes, void (*thread)(void*), void* argument);
  void select(unsigned thread);
  [[noreturn]] void report_deadlock() const;

  const char* kernel_ = "";
  unsigned threads_ = 0, current_ = 0;
  std::uint64_t progress_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Warp> warps_;
  std::vector<Slot> shared_;
  Meeting barrier_;
};

Block& block() {
  static Block running;
  return running;
}

void Block::prepare(std::size_t shared_bytes, void (*thread)(void*), void* argument) {
  while (fibers_.size() < threads_) fibers_.push_back(std::make_unique<Fiber>());
  warps_.assign((threads_ + warp_lanes - 1) / warp_lanes, Warp());
  for (unsigned t = 0; t < threads_; ++t) {
    ++warps_[t / warp_lanes].meeting.expected;
    fibers_[t]->start(thread, argument);
  }
  barrier_ = {threads_, 0, 0};
  shared_.resize(shared_bytes / sizeof(Slot) + 1);
  // Shared memory is not cleared between blocks on a GPU; NaNs show whoever relies on it.
  std::memset(static_cast<void*>(shared_.data()), 0xFF, shared_.size() * sizeof(Slot));
}

void Block::select(unsigned thread) {
  current_ = thread;
  threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / (blockDim.x * blockDim.y)};
}

void Block::run(const char* kernel, dim3 shape, std::size_t shared_bytes, void (*thread)(void*), void* argument,
                bool backwards) {
  kernel_ = kernel;
  threads_ = shape.x * shape.y * shape.z;
  prepare(shared_bytes, thread, argument);
  std::vector<unsigned> alive;
  for (unsigned t = 0; t < threads_; ++t) alive.push_back(backwards ? threads_ - 1 - t : t);
  while (!alive.empty()) {
    const std::uint64_t before = progress_;
    std::erase_if(alive, [&](unsigned t) {
      select(t);
      return !fibers_[t]->resume();
    });
    if (progress_ == before) report_deadlock();
  }
}

void Block::meet(Meeting& meeting) {
  const unsigned thread = current_, generation = meeting.generation;
  if (++meeting.arrived >= meeting.expected) {
    meeting.arrived = 0;
    ++meeting.generation;
    ++progress_;
    return;
  }
  while (meeting.generation == generation) fibers_[thread]->suspend();
}

/// A thread that has ended counts as arrived at every later barrier of its block, as on a GPU.
void Block::leave() {
  ++progress_;
  for (Meeting* meeting : {&barrier_, &warp().meeting}) {
    --meeting->expected;
    if (meeting->expected > 0 && meeting->arrived >= meeting->expected) {
      meeting->arrived = 0;
      ++meeting->generation;
    }
  }
}

void Block::report_deadlock() const {
  std::fprintf(
      stderr,
      "emulator: %s, block (%u, %u, %u): no thread can go on; %u of %u wait at the block's barrier, the others at "
      "a warp's.\n",
      kernel_, blockIdx.x, blockIdx.y, blockIdx.z, barrier_.arrived, barrier_.expected);
  std::abort();
}

struct Call {
  void (*thread)(void*);
  void* argument;
};

void run_thread(void* call) {
  const auto* c = static_cast<const Call*>(call);
  c->thread(c->argument);
  block().leave();
}

}  // namespace

void run_grid(const char* kernel, dim3 grid, dim3 block_shape, std::size_t shared_bytes, void (*thread)(void*),
              void* argument, bool backwards) {
  gridDim = grid;
  blockDim = block_shape;
  Call call{thread, argument};
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        block().run(kernel, block_shape, shared_bytes, run_thread, &call, backwards);
      }
    }
  }
}

void* dynamic_shared_memory() {
  return block().shared();
}

void sync_block() {
  block().meet(block().barrier());
}

void sync_warp() {
  block().meet(block().warp().meeting);
}

const void* exchange_all(const void* value, std::size_t bytes) {
  Warp& warp = block().warp();
  Value* values = warp.values[warp.meeting.generation % 2];
  std::memcpy(values[block().lane()].bytes, value, bytes);
  block().meet(warp.meeting);
  return values;
}

const void* exchange(const void* value, std::size_t bytes, int from_lane) {
  return static_cast<const Value*>(exchange_all(value, bytes))[static_cast<unsigned>(from_lane) % warp_lanes].bytes;
}

int lane() {
  return static_cast<int>(block().lane());
}

}  // namespace srwm::emulator
