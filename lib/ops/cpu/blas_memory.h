// What OpenBLAS takes of a process's addresses. It tries again and again, for ever, where it gets none (its
// blas_memory_alloc), so we look before it does.
#pragma once

#include <cstddef>

#include <sys/mman.h>

namespace srwm::cpu {

/// A buffer of OpenBLAS, of which each thread that calls it has one: 128 MiB and a little, most of it never touched.
constexpr std::size_t blas_buffer_bytes = std::size_t{129} << 20;

/// Whether so many more bytes could be mapped now, below the limits of the process (ulimit -v). Takes none of them.
inline bool has_addresses(std::size_t bytes) {
  void* const map = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return map != MAP_FAILED && ::munmap(map, bytes) == 0;
}

}  // namespace srwm::cpu
