// Benchmarks on the CUDA backend: that they run, on sizes that the emulator gets through.
#include <catch2/catch.hpp>

#include "bench/data_bench.h"
#include "bench/kernel_bench.h"
#include "bench/machine.h"
#include "bench/step_bench.h"
#include "bench/train_bench.h"
#include "ops/cuda/backend.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/task_table.h"

using namespace srwm;

namespace {

ExperimentSpec tiny_spec() {
  return parse_spec_text(R"({"name": "tiny",
    "data": {"dataset": "glyphs", "glyphs": {"image_size": 16, "train_classes": 12, "images_per_class": 4}},
    "protocol": {"n_way": 2},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16, "ff_factor": 1}},
    "train": {"batch": 1, "report_every": 2}})",
                         "test", {});
}

void check_all(const std::vector<BenchResult>& results) {
  for (const BenchResult& result : results) {
    INFO(result.name);
    CHECK(result.timing.median > 0);
    CHECK(result.timing.calls >= 3);
  }
}

}  // namespace

TEST_CASE("peaks of a device are measured in every precision", "[device]") {
  Context context(cuda_backend(0), DType::f32, 1);
  context.set_precision(Precision::tf32);
  const MachinePeaks peaks = measure_machine(context, {.matrix = 24, .copy_bytes = 4096});
  for (const Precision precision : all_precisions) CHECK(peaks.gflops_in(precision) > 0);
  CHECK(peaks.copy_gb_per_s > 0);
  CHECK(context.precision() == Precision::tf32);
}

TEST_CASE("steps, training and data are measured on a device", "[device]") {
  Context context(cuda_backend(0), DType::f32, 1);
  const ExperimentSpec spec = tiny_spec();
  const TaskType& type = type_of(spec);
  const std::shared_ptr<const TaskData> data = type.open_data(spec, "", 1);
  const std::unique_ptr<Task> task = type.make(spec, context, data, no_other_ranks());
  const std::vector<BenchResult> steps = bench_step(context, *task, spec.loop(), spec.seed, 0);
  check_all(steps);
  CHECK(steps.front().name == "training step");
  CHECK(steps.front().items == 3);
  check_all({bench_train(spec, type, context, data, 0)});
  check_all(bench_data(context, *task, spec.train.accumulate, 0));
}

TEST_CASE("all kernels are measured on a device", "[.kernels]") {
  Context context(cuda_backend(0), DType::f32, 1);
  check_all(bench_kernels(context, 0, 1 << 20));
}
