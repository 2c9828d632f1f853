// Means of a few numbers, how sure they are, and whether two of them differ.
#pragma once

#include <optional>
#include <span>

namespace srwm {

/// At least one value.
double mean(std::span<const double> values);
/// Sample standard deviation, with n - 1 in the denominator; none with fewer than two values.
std::optional<double> sample_deviation(std::span<const double> values);

/// P(|T| >= |t|) for Student's t with `freedom` > 0 degrees of freedom, which may be a fraction. 1 for t = 0, 0 for an
/// infinite t.
double student_p_value(double t, double freedom);
/// The t with student_p_value(t) = 0.05: a mean is known to within t standard errors with 95 %.
double student_t95(double freedom);

/// A mean or a difference of means with what is known of it.
struct TestedMean {
  double value = 0;
  double half_width = 0;  ///< of the 95 % interval
  double p_value = 1;     ///< of a value of 0, two-sided
};

/// Of values that are independent of each other (Student's one-sample test); of differences of pairs this is the paired
/// test. None with fewer than two values. Where all values are equal the interval is empty, and p is 0 or, of zeros, 1.
std::optional<TestedMean> tested_mean(std::span<const double> values);

/// mean(a) - mean(b) for independent samples whose variances may differ (Welch's test). None if either has fewer than
/// two values.
std::optional<TestedMean> tested_difference(std::span<const double> a, std::span<const double> b);

}  // namespace srwm
