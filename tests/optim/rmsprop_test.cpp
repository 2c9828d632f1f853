#include "optim/rmsprop.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "optim/optimizer_fixture.h"

using namespace srwm;
using Fixture = test::OptimizerFixture;

TEST_CASE_METHOD(Fixture, "RMSProp follows its equations, eps outside the root", "[rmsprop]") {
  Parameter& p = set.constant("p", {3}, 1);
  RmsProp optimizer(context, set, {.alpha = 0.99, .eps = 0.01, .clip_norm = 0},
                    {.kind = ScheduleKind::linear_decay, .rate = 0.1, .total = 10});
  double value = 1, square = 0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 0.3 * t, rate = 0.1 * (1 - (t - 1) / 10.0);
    set_gradient(p, g);
    CHECK(optimizer.step(context).grad_norm == Approx(std::sqrt(3.0) * g).epsilon(1e-14));
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
  RmsProp optimizer(context, set, {.clip_norm = 1}, {});
  set_gradient(a, 3);
  set_gradient(b, 4);
  CHECK(optimizer.step(context).grad_norm == Approx(5));
  CHECK(optimizer.tensors()[0].v.data<double>()[0] == Approx(0.01 * 0.36).epsilon(1e-5));
  CHECK(optimizer.tensors()[1].v.data<double>()[0] == Approx(0.01 * 0.64).epsilon(1e-5));
}

TEST_CASE_METHOD(Fixture, "RMSProp does nothing with a gradient that is not finite", "[rmsprop]") {
  Parameter& p = set.constant("p", {2}, 1);
  RmsProp optimizer(context, set, {}, {.rate = 1});
  set_gradient(p, std::numeric_limits<double>::infinity());
  CHECK_FALSE(std::isfinite(optimizer.step(context).grad_norm));
  CHECK(optimizer.steps_done() == 0);
  CHECK(p.value.data<double>()[0] == 1);
  CHECK(optimizer.tensors()[0].v.data<double>()[0] == 0);
}

TEST_CASE_METHOD(Fixture, "RMSProp takes a parameter without a gradient as one with a zero gradient", "[rmsprop]") {
  Parameter& p = set.constant("p", {1}, 1);
  RmsProp optimizer(context, set, {}, {.rate = 1});
  p.slot.grad.data<double>()[0] = 7;  // left over from an earlier step
  p.slot.written = false;
  CHECK(optimizer.step(context).grad_norm == 0);
  CHECK(p.value.data<double>()[0] == 1);
}
