#include "core/statistics.h"

#include <cmath>
#include <limits>

#include "core/error.h"

namespace srwm {
namespace {

/// The continued fraction of the incomplete beta function, by Lentz's method (Abramowitz and Stegun 26.5.8). Converges
/// for x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double tiny = std::numeric_limits<double>::min(), enough = 1e-15;
  constexpr int most_terms = 10'000;
  const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double numerator = 1, denominator = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double value = denominator;
  const auto advance = [&](double coefficient) {
    denominator = 1 / away_from_zero(1 + coefficient * denominator);
    numerator = away_from_zero(1 + coefficient / numerator);
    value *= denominator * numerator;
  };
  for (int m = 1; m <= most_terms; ++m) {
    advance(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    advance(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    if (std::abs(denominator * numerator - 1) < enough) break;
  }
  return value;
}

/// I_x(a, b), the regularized incomplete beta function; y is 1 - x, which is exact where x is near 1.
double incomplete_beta(double x, double y, double a, double b) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const auto log_of = [](double part, double rest) { return part < 0.5 ? std::log(part) : std::log1p(-rest); };
  const double log_factor = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * log_of(x, y) + b * log_of(y, x);
  if (x < (a + 1) / (a + b + 2)) return std::exp(log_factor) * beta_fraction(x, a, b) / a;
  return 1 - std::exp(log_factor) * beta_fraction(y, b, a) / b;
}

/// With a standard error of `error` on `freedom` degrees of freedom.
TestedMean tested(double value, double error, double freedom) {
  if (error == 0) return {value, 0, value == 0 ? 1.0 : 0.0};
  return {value, student_t95(freedom) * error, student_p_value(value / error, freedom)};
}

double squared_error(std::span<const double> values) {
  const double deviation = *sample_deviation(values);
  return deviation * deviation / static_cast<double>(values.size());
}

}  // namespace

double mean(std::span<const double> values) {
  SRWM_CHECK(!values.empty(), "the mean of no values");
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::optional<double> sample_deviation(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double student_p_value(double t, double freedom) {
  if (std::isinf(t)) return 0;
  const double both = freedom + t * t;
  return incomplete_beta(freedom / both, t * t / both, freedom / 2, 0.5);
}

double student_t95(double freedom) {
  double low = 0, high = 2;
  while (student_p_value(high, freedom) > 0.05) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = (low + high) / 2;
    (student_p_value(middle, freedom) > 0.05 ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::optional<TestedMean> tested_mean(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  return tested(mean(values), std::sqrt(squared_error(values)), static_cast<double>(values.size() - 1));
}

std::optional<TestedMean> tested_difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const double of_a = squared_error(a), of_b = squared_error(b), both = of_a + of_b;
  const double difference = mean(a) - mean(b);
  if (both == 0) return tested(difference, 0, 1);
  const double freedom =
      both * both / (of_a * of_a / static_cast<double>(a.size() - 1) + of_b * of_b / static_cast<double>(b.size() - 1));
  return tested(difference, std::sqrt(both), freedom);
}

}  // namespace srwm
