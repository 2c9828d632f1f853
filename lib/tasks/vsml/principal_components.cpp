#include "tasks/vsml/principal_components.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace srwm {
namespace {

double inner(const std::vector<double>& x, const std::vector<double>& y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

/// Products of the vectors less their mean: rows and columns less their means.
void center(std::vector<double>& products, std::size_t n) {
  std::vector<double> means(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) means[i] += products[i * n + j] / static_cast<double>(n);
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) products[i * n + j] += mean - means[i] - means[j];
  }
}

std::vector<double> times(const std::vector<double>& matrix, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = std::inner_product(x.begin(), x.end(), matrix.begin() + static_cast<std::ptrdiff_t>(i * x.size()), 0.0);
  }
  return y;
}

/// Makes x orthogonal to unit vectors and of length one; a zero vector stays one.
void orthonormalize(std::vector<double>& x, const std::vector<std::vector<double>>& to, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    const double along = inner(x, to[k]);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= along * to[k][i];
  }
  const double length = std::sqrt(inner(x, x));
  for (double& value : x) value = length > 0 ? value / length : 0;
}

}  // namespace

PrincipalComponents principal_components(std::vector<double> products, std::size_t n, std::size_t count) {
  SRWM_CHECK(products.size() == n * n, "{} products of {} vectors", products.size(), n);
  constexpr int iterations = 200;
  center(products, n);
  std::vector<std::vector<double>> vectors(count, std::vector<double>(n));
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < n; ++i) vectors[k][i] = std::cos(static_cast<double>((k + 1) * (i + 1)));
  }
  for (int iteration = 0; iteration < iterations; ++iteration) {
    for (std::size_t k = 0; k < count; ++k) {
      vectors[k] = times(products, vectors[k]);
      orthonormalize(vectors[k], vectors, k);
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += products[i * n + i];
  PrincipalComponents result{std::vector<std::vector<double>>(n, std::vector<double>(count)), {}};
  for (std::size_t k = 0; k < count; ++k) {
    const double variance = std::max(0.0, inner(vectors[k], times(products, vectors[k])));
    result.explained.push_back(total > 0 ? variance / total : 0);
    for (std::size_t i = 0; i < n; ++i) result.scores[i][k] = std::sqrt(variance) * vectors[k][i];
  }
  return result;
}

}  // namespace srwm
