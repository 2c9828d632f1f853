// The vector code of the optimizers, at every instruction set of this machine, against their equations in double.
#include "ops/cpu/update_kernels.h"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "support/simd_levels.h"

using namespace srwm;
using cpu::UpdateKernels;

namespace {

using Floats = std::vector<float>;
constexpr float guard = -7;  // behind the range: must stay

Floats draw(std::int64_t n, float low, float high, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  Floats values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(uniform(generator));
  values.push_back(guard);
  return values;
}

/// Gradient, value and running means of n elements and one behind them.
struct Elements {
  explicit Elements(std::int64_t n)
      : grad(draw(n, -3, 3, 1)), value(draw(n, -1, 1, 2)), m(draw(n, -1, 1, 3)), v(draw(n, 0, 4, 4)) {}
  Floats grad, value, m, v;
};

template <typename Check>
void for_levels_and_sizes(const Check& check) {
  for (const cpu::SimdLevel level : test::simd_levels_here()) {
    for (const std::int64_t n : {1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 70, 1000}) {
      INFO("level " << name_of(level) << ", " << n << " elements");
      check(cpu::update_kernels(level), n);
    }
  }
}

void check_guards(const Elements& e) {
  for (const Floats* values : {&e.grad, &e.value, &e.m, &e.v}) CHECK(values->back() == guard);
}

constexpr double accuracy = 2e-6;

}  // namespace

TEST_CASE("Adam as vector code", "[update]") {
  const cpu::AdamFactors<float> f{
      .scale = 0.25f, .beta1 = 0.9f, .beta2 = 0.995f, .eps = 1e-3f, .step_size = 0.02f, .root_correction = 0.5f};
  for_levels_and_sizes([&](const UpdateKernels& kernels, std::int64_t n) {
    const Elements before(n);
    Elements e = before;
    kernels.adam(f, n, e.grad.data(), e.m.data(), e.v.data(), e.value.data());
    check_guards(e);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      const double g = 0.25 * before.grad[i];
      const double m = 0.9 * before.m[i] + 0.1 * g, v = 0.995 * before.v[i] + 0.005 * g * g;
      CHECK(e.m[i] == Approx(m).epsilon(accuracy).margin(1e-6));
      CHECK(e.v[i] == Approx(v).epsilon(accuracy));
      CHECK(e.value[i] == Approx(before.value[i] - 0.02 * m / (std::sqrt(v) / 0.5 + 1e-3)).margin(1e-6));
    }
  });
}

TEST_CASE("RMSProp as vector code", "[update]") {
  const cpu::RmsPropFactors<float> f{.scale = 0.5f, .alpha = 0.99f, .eps = 0.01f, .learning_rate = 0.1f};
  for_levels_and_sizes([&](const UpdateKernels& kernels, std::int64_t n) {
    const Elements before(n);
    Elements e = before;
    kernels.rmsprop(f, n, e.grad.data(), e.v.data(), e.value.data());
    check_guards(e);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      const double g = 0.5 * before.grad[i], v = 0.99 * before.v[i] + 0.01 * g * g;
      CHECK(e.v[i] == Approx(v).epsilon(accuracy));
      CHECK(e.value[i] == Approx(before.value[i] - 0.1 * g / (std::sqrt(v) + 0.01)).margin(1e-6));
    }
  });
}

TEST_CASE("an element's update does not depend on where in the range it stands", "[update]") {
  const cpu::AdamFactors<float> f{
      .scale = 0.3f, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .step_size = 0.01f, .root_correction = 0.7f};
  for_levels_and_sizes([&](const UpdateKernels& kernels, std::int64_t n) {
    Elements whole(n), pieces(n);
    kernels.adam(f, n, whole.grad.data(), whole.m.data(), whole.v.data(), whole.value.data());
    for (std::int64_t begin = 0; begin < n; begin += 5) {
      kernels.adam(f, std::min<std::int64_t>(5, n - begin), pieces.grad.data() + begin, pieces.m.data() + begin,
                   pieces.v.data() + begin, pieces.value.data() + begin);
    }
    CHECK(whole.value == pieces.value);
    CHECK(whole.m == pieces.m);
    CHECK(whole.v == pieces.v);
  });
}

TEST_CASE("the sum of squares is added up in double", "[update]") {
  for_levels_and_sizes([](const UpdateKernels& kernels, std::int64_t n) {
    Floats x = draw(n, -3, 3, 5);
    x[0] = 3e4f;  // its square is 1e9: a sum in float would lose the others
    double exact = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) exact += static_cast<double>(x[i]) * x[i];
    CHECK(kernels.sum_of_squares(n, x.data()) == Approx(exact).epsilon(1e-14));
  });
}
