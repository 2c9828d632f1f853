// What all optimizers have in common: schedules, and state with names.
#include <cmath>

#include <catch2/catch.hpp>

#include "optim/adam.h"
#include "optim/optimizer_fixture.h"
#include "optim/rmsprop.h"

using namespace srwm;
using Fixture = test::OptimizerFixture;

TEST_CASE("learning rate schedules", "[optimizer]") {
  CHECK(Schedule{.rate = 1e-3}.at(12345) == 1e-3);
  const Schedule linear{.kind = ScheduleKind::linear_warmup, .rate = 1e-3, .warmup_steps = 100};
  CHECK(linear.at(1) == Approx(1e-5));
  CHECK(linear.at(100) == Approx(1e-3));
  CHECK(linear.at(5000) == Approx(1e-3));
  const Schedule transformer{.kind = ScheduleKind::transformer_warmup, .warmup_steps = 5000, .hidden = 256};
  CHECK(transformer.at(1) == Approx(std::pow(5000.0, -1.5) / 16));
  CHECK(transformer.at(5000) == Approx(1 / std::sqrt(5000.0) / 16));
  CHECK(transformer.at(20000) == Approx(1 / std::sqrt(20000.0) / 16));
  const Schedule cosine{
      .kind = ScheduleKind::cosine, .rate = 1e-2, .warmup_steps = 10, .decay_steps = 100, .decay = 0.2};
  CHECK(cosine.at(5) == Approx(5e-3));
  CHECK(cosine.at(10) == Approx(1e-2));
  CHECK(cosine.at(60) == Approx(0.6e-2));
  CHECK(cosine.at(35) == Approx((0.2 + 0.8 * (1 + std::sqrt(0.5)) / 2) * 1e-2));
  CHECK(cosine.at(110) == Approx(0.2e-2));
  CHECK(cosine.at(100'000) == Approx(0.2e-2));
  const Schedule stairs{.kind = ScheduleKind::step, .rate = 1e-2, .warmup_steps = 10, .decay_steps = 100, .decay = 0.5};
  CHECK(stairs.at(1) == Approx(1e-3));
  CHECK(stairs.at(109) == 1e-2);
  CHECK(stairs.at(110) == Approx(0.5e-2));
  CHECK(stairs.at(310) == Approx(0.125e-2));
  const Schedule decay{.kind = ScheduleKind::linear_decay, .rate = 6e-4, .total = 1000, .per_step = 250};
  CHECK(decay.at(1) == 6e-4);
  CHECK(decay.at(2) == Approx(4.5e-4));
  CHECK(decay.at(5) == 0);
  CHECK(decay.at(6) == 0);
}

TEST_CASE_METHOD(Fixture, "optimizers name their state as torch.optim does", "[optimizer]") {
  set.constant("a.weight", {2, 3}, 0);
  set.constant("b", {4}, 0);
  const auto names_of = [](const Optimizer& optimizer) {
    std::vector<std::string> names;
    for (const NamedTensor& entry : optimizer.state()) names.push_back(entry.name);
    return names;
  };
  const Adam adam(context, set, {}, 1);
  CHECK(names_of(adam) ==
        std::vector<std::string>{"exp_avg.a.weight", "exp_avg_sq.a.weight", "exp_avg.b", "exp_avg_sq.b"});
  CHECK(adam.state()[1].tensor.raw() == adam.tensors()[0].v.raw());
  const RmsProp rmsprop(context, set, {}, {});
  CHECK(names_of(rmsprop) == std::vector<std::string>{"square_avg.a.weight", "square_avg.b"});
  CHECK(rmsprop.state()[0].tensor.shape() == Shape{2, 3});
}
