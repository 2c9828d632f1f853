// A toy task: fit a line to noisy points. The smallest complete task; docs/internals/adding_a_task.md explains it.
#pragma once

#include "optim/options.h"
#include "spec/fields.h"
#include "spec/spec.h"

namespace srwm::toy {

const SpecKeys& line_keys();

struct LineSpec : AnySpec {
  std::unique_ptr<AnySpec> clone() const override { return std::make_unique<LineSpec>(*this); }
  LoopOptions loop() const override {
    LoopOptions loop = options;
    loop.steps = steps;
    return loop;
  }
  const SpecKeys& keys() const override { return line_keys(); }

  double slope = 2, noise = 0.1;
  std::int64_t batch = 8, steps = 200, test_points = 100;
  OptimOptions optim{.rate = 0.05};
  LoopOptions options{.report_every = 10, .validation_every = 20, .checkpoint = {.every = 15}};
};

}  // namespace srwm::toy
