// Sums over the rows of a matrix.
#pragma once

#include <cstdint>

#include "core/parallel.h"

namespace srwm::cpu {

/// Calls body(begin, end) for ranges of columns, which may run at the same time; each range adds up its columns over
/// all rows in order, so the result does not depend on the number of threads.
template <typename Body>
void parallel_columns(int threads, std::int64_t rows, std::int64_t columns, const Body& body) {
  constexpr std::int64_t elements = 32 * 1024, cache_line = 16;
  const std::int64_t lines = (columns + cache_line - 1) / cache_line;
  const std::int64_t grain = 1 + elements / (cache_line * std::max<std::int64_t>(rows, 1));
  parallel_ranges(threads, lines, grain, [&](std::int64_t begin, std::int64_t end) {
    body(begin * cache_line, std::min(columns, end * cache_line));
  });
}

}  // namespace srwm::cpu
