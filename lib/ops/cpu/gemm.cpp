#include "ops/cpu/gemm.h"

#include <algorithm>
#include <atomic>
#include <new>

#include <cblas.h>
#include <omp.h>

#include "core/parallel.h"
#include "ops/cpu/blas_memory.h"

#ifdef SRWM_BLAS_IS_BLIS
extern "C" void bli_thread_set_num_threads(std::int64_t threads);
#endif

namespace srwm::cpu {
namespace {

/// Blocks of C that a product is cut into. They depend on its shape alone, so the bits do not depend on the threads.
/// Smaller ones pack the same operands more often, larger ones leave threads idle.
struct BlockSize {
  // At 768 x 1024 x 256 on one core such blocks cost 4 % against one call for everything.
  std::int64_t rows = 192, columns = 256;

  template <typename Real>
  explicit BlockSize(const Gemm<Real>& g) {
    constexpr std::int64_t undivided = 512 * 1024;  // multiply-adds: waking a thread would cost more than it does
    constexpr std::int64_t smallest = 2'000'000;    // some 30 microseconds
    constexpr std::int64_t wanted = 4;              // so that two threads end at about the same time
    const std::int64_t work = g.m * g.n * g.k;
    rows = work < undivided ? g.m : std::min(rows, g.m);
    columns = work < undivided ? g.n : std::min(columns, g.n);
    const std::int64_t largest = g.m * g.n / std::clamp<std::int64_t>(work / smallest, 1, wanted);
    while (rows * columns > largest && std::max(rows, columns) > 16) {
      std::int64_t& longer = rows >= columns ? rows : columns;
      longer = (longer / 2 + 15) / 16 * 16;
    }
  }
};

/// Keeps the library on the calling thread while it lives. OpenBLAS asks OpenMP how many threads it may use, and that
/// number belongs to the calling thread alone; inside a parallel loop it stays on its thread automatically.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    omp_set_num_threads(1);
#ifdef SRWM_BLAS_IS_BLIS
    bli_thread_set_num_threads(1);
#endif
  }
  ~OneThread() {
    omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

CBLAS_TRANSPOSE transpose(bool transposed) {
  return transposed ? CblasTrans : CblasNoTrans;
}

void call_library(const Gemm<float>& g) {
  const auto m = static_cast<int>(g.m), n = static_cast<int>(g.n), k = static_cast<int>(g.k);
  const auto lda = static_cast<int>(g.a_stride), ldb = static_cast<int>(g.b_stride), ldc = static_cast<int>(g.c_stride);
  cblas_sgemm(CblasRowMajor, transpose(g.a_transposed), transpose(g.b_transposed), m, n, k, g.alpha, g.a, lda, g.b, ldb,
              g.beta, g.c, ldc);
}

void call_library(const Gemm<double>& g) {
  const auto m = static_cast<int>(g.m), n = static_cast<int>(g.n), k = static_cast<int>(g.k);
  const auto lda = static_cast<int>(g.a_stride), ldb = static_cast<int>(g.b_stride), ldc = static_cast<int>(g.c_stride);
  cblas_dgemm(CblasRowMajor, transpose(g.a_transposed), transpose(g.b_transposed), m, n, k, g.alpha, g.a, lda, g.b, ldb,
              g.beta, g.c, ldc);
}

/// Throws std::bad_alloc where the library would wait for ever: it takes a buffer the first time that so many threads
/// call it at once, and keeps it.
void prepare_library(int threads) {
#ifndef SRWM_BLAS_IS_BLIS
  static std::atomic<int> prepared = 0;
  if (threads <= prepared) return;
  if (!has_addresses(static_cast<std::size_t>(threads) * blas_buffer_bytes)) throw std::bad_alloc();
  prepared = threads;
#endif
}

/// [0, extent) in `count` pieces of nearly equal size, starting at multiples of 16 (a cache line of floats).
struct Pieces {
  std::int64_t extent, count;

  Pieces(std::int64_t n, std::int64_t largest) : extent(n), count((n + largest - 1) / largest) {}
  std::int64_t begin(std::int64_t i) const {
    return i == count ? extent : std::min(extent, (extent * i / count + 15) / 16 * 16);
  }
};

/// Rows [row, row_end) and columns [column, column_end) of the product.
template <typename Real>
Gemm<Real> block_of(const Gemm<Real>& g, std::int64_t row, std::int64_t row_end, std::int64_t column,
                    std::int64_t column_end) {
  Gemm<Real> block = g;
  block.m = row_end - row;
  block.n = column_end - column;
  block.a += row * (g.a_transposed ? 1 : g.a_stride);
  block.b += column * (g.b_transposed ? g.b_stride : 1);
  block.c += row * g.c_stride + column;
  return block;
}

template <typename Real>
void run(int threads, Gemm<Real> g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.a_stride == 0) g.a_stride = std::max<std::int64_t>(1, g.a_transposed ? g.m : g.k);
  if (g.b_stride == 0) g.b_stride = std::max<std::int64_t>(1, g.b_transposed ? g.k : g.n);
  if (g.c_stride == 0) g.c_stride = g.n;

  const BlockSize block(g);
  const Pieces rows(g.m, block.rows), columns(g.n, block.columns);
  const std::int64_t blocks = rows.count * columns.count;
  prepare_library(static_cast<int>(std::min<std::int64_t>(threads, blocks)));
  parallel_for(threads, blocks, [&](std::int64_t i) {
    const OneThread guard;
    const std::int64_t r = i / columns.count, c = i % columns.count;
    call_library(block_of(g, rows.begin(r), rows.begin(r + 1), columns.begin(c), columns.begin(c + 1)));
  });
}

}  // namespace

void gemm(int threads, const Gemm<float>& product) {
  run(threads, product);
}
void gemm(int threads, const Gemm<double>& product) {
  run(threads, product);
}

}  // namespace srwm::cpu
