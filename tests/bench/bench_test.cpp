#include <catch2/catch.hpp>

#include "bench/machine.h"
#include "bench/timing.h"
#include "ops/backend.h"
#include "tasks/fewshot/flops.h"

using namespace srwm;

TEST_CASE("the paper's Omniglot model takes 66 MFLOP an image", "[bench]") {
  const double flops = training_flops_per_image({}, {28, 28, 1}, 5);
  CHECK(flops == Approx(66e6).epsilon(0.01));
}

TEST_CASE("convolutions are counted tap by tap", "[bench]") {
  FewShotModelOptions model;
  model.vision.channels = 32;
  const double with_32 = training_flops_per_image(model, {84, 84, 3}, 5);
  model.vision.channels = 33;
  // One channel more: 9 taps, 2 operations, three passes, the first layer without an input gradient.
  const double first = 2.0 * (2 * 9 * 3 * 84 * 84);
  const double others = 3.0 * (33 * 33 - 32 * 32) * 2 * 9 * (42 * 42 + 21 * 21 + 10 * 10);
  const double projection = 3.0 * 2 * 25 * 256;
  CHECK(training_flops_per_image(model, {84, 84, 3}, 5) - with_32 == Approx(first + others + projection));
}

TEST_CASE("timing counts calls and orders its figures", "[bench]") {
  int calls = 0;
  const Timing timing = time_repeatedly(0, [&] { ++calls; });
  CHECK(calls == timing.calls + 1);
  CHECK(timing.calls >= 3);
  CHECK(timing.best <= timing.median);
}

TEST_CASE("the spread is the distance between the quartiles", "[bench]") {
  const Timing timing = timing_of({9, 1, 2, 4, 3, 5, 6, 7}, 10);
  CHECK(timing.best == 1);
  CHECK(timing.median == 5);
  CHECK(timing.spread == 7 - 3);
  CHECK(timing.calls == 80);
  CHECK(timing.repeats == 8);
}

TEST_CASE("work on a device is waited for", "[bench]") {
  Context context(cpu_backend(), DType::f32, 1);
  int calls = 0;
  const Timing timing = time_on_device(context, 0, [&] { ++calls; });
  CHECK(timing.repeats >= 3);
  CHECK(calls == timing.calls + 1);
}

TEST_CASE("the machine's peaks are measured", "[bench]") {
  Context context(cpu_backend(), DType::f32, 1);
  const MachinePeaks peaks = measure_machine(context);
  CHECK(peaks.gflops_in(Precision::fp32) > 1);
  CHECK(peaks.gflops_in(Precision::bf16) == 0);
  CHECK(peaks.copy_gb_per_s > 0.1);
}
