#include "optim/rmsprop.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "optim/optimizer_fixture.h"

using namespace srwm;
using Fixture = test::OptimizerFixture;

TEST_CASE_METHOD(Fixture, "RMSProp follows its equations, eps outside the root", "[rmsprop]") {
  Parameter& p = set.constant("p", {3}, 1);
  RmsProp optimizer(context, set, {.alpha = 0.99, .eps = 0.01, .clip_norm = 0});
  double value = 1, square = 0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 0.3 * t, rate = 0.1 / t;
    set_gradient(p, g);
    CHECK(optimizer.step(context, rate) == Approx(std::sqrt(3.0) * g).epsilon(1e-14));
    square = 0.99 * square + 0.01 * g * g;
    value -= rate * g / (std::sqrt(square) + 0.01);
    for (double x : p.value.span<double>()) CHECK(x == Approx(value).epsilon(1e-12));
  }
  CHECK(optimizer.steps_done() == 5);
  CHECK(optimizer.tensors()[0].v.data<double>()[0] == Approx(square).epsilon(1e-12));
}

TEST_CASE_METHOD(Fixture, "RMSProp clips all gradients to one norm", "[rmsprop]") {
  Parameter& a = set.constant("a", {1}, 0);
  Parameter& b = set.constant("b", {1}, 0);
  RmsProp optimizer(context, set, {.clip_norm = 1});
  set_gradient(a, 3);
  set_gradient(b, 4);
  CHECK(optimizer.step(context, 1e-3) == Approx(5));
  CHECK(optimizer.tensors()[0].v.data<double>()[0] == Approx(0.01 * 0.36).epsilon(1e-5));
  CHECK(optimizer.tensors()[1].v.data<double>()[0] == Approx(0.01 * 0.64).epsilon(1e-5));
}

TEST_CASE_METHOD(Fixture, "RMSProp does nothing with a gradient that is not finite", "[rmsprop]") {
  Parameter& p = set.constant("p", {2}, 1);
  RmsProp optimizer(context, set, {});
  set_gradient(p, std::numeric_limits<double>::infinity());
  CHECK_FALSE(std::isfinite(optimizer.step(context, 1)));
  CHECK(optimizer.steps_done() == 0);
  CHECK(p.value.data<double>()[0] == 1);
  CHECK(optimizer.tensors()[0].v.data<double>()[0] == 0);
}

TEST_CASE_METHOD(Fixture, "RMSProp takes a parameter without a gradient as one with a zero gradient", "[rmsprop]") {
  Parameter& p = set.constant("p", {1}, 1);
  RmsProp optimizer(context, set, {});
  p.slot.grad.data<double>()[0] = 7;  // left over from an earlier step
  p.slot.written = false;
  CHECK(optimizer.step(context, 1) == 0);
  CHECK(p.value.data<double>()[0] == 1);
}

TEST_CASE("the rate falls linearly to zero", "[rmsprop]") {
  CHECK(linear_decay(6e-4, 0, 1000) == 6e-4);
  CHECK(linear_decay(6e-4, 250, 1000) == Approx(4.5e-4));
  CHECK(linear_decay(6e-4, 1000, 1000) == 0);
  CHECK(linear_decay(6e-4, 1001, 1000) == 0);
}
