#include "ops/cpu/gemm.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <omp.h>

#include "core/parallel.h"
#include "core/rng.h"

using namespace srwm;
using cpu::Gemm;

namespace {

template <typename Real>
std::vector<Real> normals(std::int64_t n, std::uint64_t seed) {
  RandomSequence random(seed, Stream::init, 0);
  std::vector<Real> values(static_cast<std::size_t>(n));
  for (Real& value : values) value = static_cast<Real>(random.normal());
  return values;
}

struct Extents {
  std::int64_t m, n, k;
};

/// Operands of one product, stored with `padding` unused numbers at the end of each row.
template <typename Real>
struct Operands {
  Extents extents;
  bool a_transposed, b_transposed;
  std::int64_t padding;
  std::vector<Real> a, b, c;

  Operands(Extents e, bool at, bool bt, std::int64_t pad)
      : extents(e), a_transposed(at), b_transposed(bt), padding(pad) {
    a = normals<Real>((at ? e.k : e.m) * a_stride(), 1);
    b = normals<Real>((bt ? e.n : e.k) * b_stride(), 2);
    c = normals<Real>(e.m * c_stride(), 3);
  }

  std::int64_t a_stride() const { return (a_transposed ? extents.m : extents.k) + padding; }
  std::int64_t b_stride() const { return (b_transposed ? extents.k : extents.n) + padding; }
  std::int64_t c_stride() const { return extents.n + padding; }

  std::vector<Real> product(int threads, Real alpha, Real beta) const {
    std::vector<Real> result = c;
    cpu::gemm(threads, Gemm<Real>{.m = extents.m,
                                  .n = extents.n,
                                  .k = extents.k,
                                  .a = a.data(),
                                  .a_transposed = a_transposed,
                                  .b = b.data(),
                                  .b_transposed = b_transposed,
                                  .c = result.data(),
                                  .alpha = alpha,
                                  .beta = beta,
                                  .a_stride = a_stride(),
                                  .b_stride = b_stride(),
                                  .c_stride = c_stride()});
    return result;
  }

  /// The definition, in double; elements of the padding keep what was there.
  std::vector<double> expected(double alpha, double beta) const {
    std::vector<double> result(c.begin(), c.end());
    for (std::int64_t i = 0; i < extents.m; ++i) {
      for (std::int64_t j = 0; j < extents.n; ++j) {
        double sum = 0;
        for (std::int64_t l = 0; l < extents.k; ++l) {
          const std::int64_t at = a_transposed ? l * a_stride() + i : i * a_stride() + l;
          const std::int64_t bt = b_transposed ? j * b_stride() + l : l * b_stride() + j;
          sum += double{a[static_cast<std::size_t>(at)]} * double{b[static_cast<std::size_t>(bt)]};
        }
        double& element = result[static_cast<std::size_t>(i * c_stride() + j)];
        element = alpha * sum + beta * element;
      }
    }
    return result;
  }
};

template <typename Real>
void check_product(Extents e, bool a_transposed, bool b_transposed, std::int64_t padding) {
  INFO("m " << e.m << " n " << e.n << " k " << e.k << " transposed " << a_transposed << b_transposed);
  const Operands<Real> operands(e, a_transposed, b_transposed, padding);
  const std::vector<double> expected = operands.expected(0.5, 1.0);
  const std::vector<Real> found = operands.product(2, Real{0.5}, Real{1});
  // k roundings of partial sums of size sqrt(k), which add up like a random walk: about eps k, in any order of
  // summation.
  const double tolerance = 2 * double{std::numeric_limits<Real>::epsilon()} * static_cast<double>(e.k + 16);
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(expected[i] - double{found[i]});
    worst = error <= worst ? worst : error;
  }
  CHECK(worst <= tolerance);
  for (int threads : {1, 3}) CHECK(operands.product(threads, Real{0.5}, Real{1}) == found);
}

}  // namespace

TEST_CASE("gemm equals the sum of products, the same bits on 1, 2 and 3 threads", "[gemm]") {
  // Around the blocks of 192 x 256 and around SIMD widths.
  const Extents sizes[] = {{1, 1, 1},      {5, 31, 17},    {33, 5, 64},     {127, 65, 3},
                           {193, 257, 69}, {384, 100, 65}, {100, 513, 128}, {191, 1023, 7}};
  for (const Extents& e : sizes) {
    for (int transposed = 0; transposed < 4; ++transposed) {
      check_product<float>(e, (transposed & 1) != 0, (transposed & 2) != 0, e.m % 3);
      check_product<double>(e, (transposed & 1) != 0, (transposed & 2) != 0, e.m % 3);
    }
  }
}

TEST_CASE("gemm with beta 0 does not read C, and k = 0 leaves beta C", "[gemm]") {
  const std::vector<float> a = normals<float>(6, 1), b = normals<float>(8, 2);
  std::vector<float> c(12, std::numeric_limits<float>::quiet_NaN());
  cpu::gemm(1, Gemm<float>{.m = 3, .n = 4, .k = 2, .a = a.data(), .b = b.data(), .c = c.data()});
  for (float value : c) CHECK(std::isfinite(value));
  const std::vector<float> before = c;
  cpu::gemm(1, Gemm<float>{.m = 3, .n = 4, .k = 0, .a = a.data(), .b = b.data(), .c = c.data(), .beta = 1.0f});
  CHECK(c == before);
}

TEST_CASE("gemm on one thread may be called inside a parallel loop and leaves OpenMP's settings alone", "[gemm]") {
  const Operands<float> operands({193, 257, 69}, false, true, 0);
  const std::vector<float> expected = operands.product(1, 1.0f, 0.0f);
  std::vector<std::vector<float>> found(4);
  const int before = omp_get_max_threads();
  parallel_for(2, 4, [&](std::int64_t i) { found[static_cast<std::size_t>(i)] = operands.product(1, 1.0f, 0.0f); });
  CHECK(omp_get_max_threads() == before);
  for (const auto& result : found) CHECK(result == expected);
}
