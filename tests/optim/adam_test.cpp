#include "optim/adam.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "optim/optimizer_fixture.h"

using namespace srwm;
using Fixture = test::OptimizerFixture;

TEST_CASE_METHOD(Fixture, "Adam follows its equations", "[adam]") {
  Parameter& p = set.constant("p", {3}, 1);
  const OptimOptions options{.rate = 0.1, .beta1 = 0.9, .beta2 = 0.995, .eps = 1e-9};
  Adam adam(context, set, options, 256);
  double value = 1, m = 0, v = 0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 0.3 * t;
    set_gradient(p, g);
    const StepReport report = adam.step(context);
    CHECK(report.grad_norm == Approx(std::sqrt(3.0) * g).epsilon(1e-14));
    m = 0.9 * m + 0.1 * g;
    v = 0.995 * v + 0.005 * g * g;
    value -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.995, t))) + 1e-9);
    for (double x : p.value.span<double>()) CHECK(x == Approx(value).epsilon(1e-12));
  }
  CHECK(adam.steps_done() == 5);
}

TEST_CASE_METHOD(Fixture, "clipping scales all gradients to the norm", "[adam]") {
  Parameter& a = set.constant("a", {1}, 0);
  Parameter& b = set.constant("b", {1}, 0);
  Adam adam(context, set, {.clip_norm = 1}, 1);
  set_gradient(a, 3);
  set_gradient(b, 4);
  CHECK(adam.step(context).grad_norm == Approx(5));
  CHECK(adam.tensors()[0].m.data<double>()[0] == Approx(0.1 * 3 / 5).epsilon(1e-5));
  CHECK(adam.tensors()[1].m.data<double>()[0] == Approx(0.1 * 4 / 5).epsilon(1e-5));
}

TEST_CASE_METHOD(Fixture, "a gradient that is not finite changes nothing", "[adam]") {
  Parameter& p = set.constant("p", {2}, 1);
  Adam adam(context, set, {}, 1);
  set_gradient(p, std::numeric_limits<double>::quiet_NaN());
  CHECK_FALSE(std::isfinite(adam.step(context).grad_norm));
  CHECK(adam.steps_done() == 0);
  CHECK(p.value.data<double>()[0] == 1);
  CHECK(adam.tensors()[0].m.data<double>()[0] == 0);
}

TEST_CASE_METHOD(Fixture, "a parameter without a gradient counts as one with a zero gradient", "[adam]") {
  Parameter& p = set.constant("p", {1}, 1);
  Adam adam(context, set, {}, 1);
  p.slot.grad.data<double>()[0] = 7;  // left over from an earlier step
  p.slot.written = false;
  CHECK(adam.step(context).grad_norm == 0);
  CHECK(p.value.data<double>()[0] == 1);
}
