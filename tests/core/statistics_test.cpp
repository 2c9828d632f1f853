// Means, intervals and tests. The expected numbers were computed with mpmath at 40 digits from the definitions.
#include "core/statistics.h"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

namespace {

bool is_near(double found, double expected, double relative = 1e-12) {
  return std::abs(found - expected) <= relative * std::abs(expected);
}

}  // namespace

TEST_CASE("tails of Student's distribution", "[statistics]") {
  CHECK(is_near(student_p_value(1, 1), 0.5));
  CHECK(is_near(student_p_value(2.5, 3), 0.087706647008065547));
  CHECK(is_near(student_p_value(-2.5, 3), 0.087706647008065547));
  CHECK(is_near(student_p_value(0.3, 7.5), 0.77232265856877809));
  CHECK(is_near(student_p_value(5, 30), 2.3296685467007795e-5));
  CHECK(is_near(student_p_value(40, 2), 0.00062441467218474064));
  CHECK(is_near(student_p_value(12, 200), 2.4221360052466314e-25, 1e-10));
  CHECK(is_near(student_p_value(1.96, 31999), 0.050004455943675713, 1e-9));
  CHECK(is_near(student_p_value(0.01, 1e6), 0.99202128936554767, 1e-8));
  CHECK(student_p_value(0, 5) == 1);
  CHECK(student_p_value(std::numeric_limits<double>::infinity(), 5) == 0);
}

TEST_CASE("how many standard errors make 95 %", "[statistics]") {
  CHECK(is_near(student_t95(1), 12.706204736174705, 1e-11));
  CHECK(is_near(student_t95(2), 4.3026527297494639, 1e-11));
  CHECK(is_near(student_t95(3.7), 2.8675207071911895, 1e-11));
  CHECK(is_near(student_t95(10), 2.2281388519862747, 1e-11));
  CHECK(is_near(student_t95(31999), 1.9600381230893412, 1e-9));
}

TEST_CASE("a mean, tested against 0", "[statistics]") {
  const std::vector<double> values{0.5, 0.25, -0.1, 0.4};
  const TestedMean result = *tested_mean(values);
  CHECK(is_near(result.value, 0.2625));
  CHECK(is_near(result.half_width, 0.41785390718967523));
  CHECK(is_near(result.p_value, 0.13942801020440769));
  CHECK(is_near(*sample_deviation(values), 0.26259918760981221));
}

TEST_CASE("a difference of samples with different variances", "[statistics]") {
  const std::vector<double> a{1, 2, 3, 4.5}, b{2, 4, 6};
  const TestedMean result = *tested_difference(a, b);
  CHECK(is_near(result.value, -1.375));
  CHECK(is_near(result.half_width, 3.9899721546758198));
  CHECK(is_near(result.p_value, 0.37967017356267561));
  CHECK(tested_difference(b, a)->value == -result.value);
}

TEST_CASE("too few values, and equal ones", "[statistics]") {
  const std::vector<double> one{3}, equal{3, 3, 3}, zeros{0, 0};
  CHECK_FALSE(sample_deviation(one).has_value());
  CHECK_FALSE(tested_mean(one).has_value());
  CHECK_FALSE(tested_difference(one, equal).has_value());
  CHECK_FALSE(tested_difference(equal, one).has_value());
  CHECK(tested_mean(equal)->half_width == 0);
  CHECK(tested_mean(equal)->p_value == 0);
  CHECK(tested_mean(zeros)->p_value == 1);
  CHECK(tested_difference(equal, zeros)->p_value == 0);
  CHECK(tested_difference(equal, equal)->p_value == 1);
}
