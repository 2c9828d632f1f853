// Runs a kernel's blocks on the host: what threadIdx, __syncthreads and the warp shuffles mean there.
#pragma once

#include <cstddef>
#include <cstdint>

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}  // NOLINT: as CUDA's
};

/// Of the thread that is running; one kernel runs at a time.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace srwm::emulator {

/// Runs `thread(argument)` once for each thread of the grid, block after block, the threads of a block as fibers that
/// are switched where they wait. With `backwards` the threads of a block run in opposite order: results that differ
/// show a missing barrier. A block in which nobody can go on ends the program with a message naming `kernel`.
void run_grid(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, void (*thread)(void*),
              void* argument, bool backwards);

/// The block's dynamic shared memory.
void* dynamic_shared_memory();

void sync_block();
void sync_warp();

constexpr std::size_t exchange_stride = 32;
/// All 32 lanes of a warp hand in `bytes` (at most exchange_stride) from `value`; returns where those of `lane` lie,
/// valid until the warp's next exchange but one.
const void* exchange(const void* value, std::size_t bytes, int lane);
/// The same for those who need the values of several lanes: where the values of all 32 lie, exchange_stride apart.
const void* exchange_all(const void* value, std::size_t bytes);
/// Lane of the running thread.
int lane();

}  // namespace srwm::emulator
