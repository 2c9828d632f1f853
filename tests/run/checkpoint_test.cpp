#include "run/checkpoint.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/version.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "support/child.h"
#include "support/small_disk.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// A tensor in which every element shows the step.
Tensor filled(Shape shape, std::int64_t step) {
  const std::vector<float> values(static_cast<std::size_t>(shape.numel()), static_cast<float>(step));
  return Tensor::of<float>(shape, values);
}

Checkpoint sample(std::int64_t step, std::int64_t size = 33) {
  Checkpoint checkpoint;
  checkpoint.model = {{"out.weight", filled({size, 7}, step)}, {"conv_layers.0.0.bias", filled({3}, step)}};
  checkpoint.optimizer = {{"m.out.weight", filled({size, 7}, -step)}};
  checkpoint.progress.step = step;
  checkpoint.progress.best_metric = 0.1;
  checkpoint.progress.best_step = 1;
  checkpoint.progress.counters = {{"env_steps", std::int64_t{1} << 50}, {"metric_lines", 12}};
  checkpoint.progress.reals = {{"running_return", -1e-300}};
  checkpoint.spec_json = R"({"name": "demo"})";
  checkpoint.data_digest = "0123";
  checkpoint.arithmetic = {.device = "cpu", .gpu = "", .simd = "v3", .blas_core = "Haswell"};
  return checkpoint;
}

std::int64_t step_in(const fs::path& path) {
  return load_checkpoint(path).progress.step;
}

/// Saves what `change` makes of a valid file.
template <typename Change>
fs::path changed_file(const TempDir& dir, const Change& change) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "checkpoint", checkpoint_version, "test");
  change(file);
  const fs::path path = dir.path() / "changed.h5";
  write_file_atomically(path, file.image());
  return path;
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was", "[checkpoint]") {
  const TempDir dir;
  save_checkpoint(dir.path() / "a.h5", sample(1200));
  const Checkpoint read = load_checkpoint(dir.path() / "a.h5");
  REQUIRE(read.model.size() == 2);
  CHECK(read.model[0].name == "conv_layers.0.0.bias");  // sorted
  CHECK(read.model[1].name == "out.weight");
  CHECK(read.model[1].tensor.shape() == Shape{33, 7});
  CHECK(read.model[1].tensor.span<float>()[230] == 1200);
  REQUIRE(read.optimizer.size() == 1);
  CHECK(read.optimizer[0].tensor.span<float>()[0] == -1200);
  CHECK(read.progress.step == 1200);
  CHECK(read.progress.best_metric == 0.1);
  CHECK(read.progress.counters == sample(1200).progress.counters);
  CHECK(read.progress.reals == sample(1200).progress.reals);
  CHECK(read.spec_json == sample(1200).spec_json);
  CHECK(read.data_digest == "0123");
  CHECK(read.arithmetic.device == "cpu");
  CHECK(read.arithmetic.simd == "v3");
  CHECK(read.arithmetic.blas_core == "Haswell");
  CHECK(read.path == dir.path() / "a.h5");
  CHECK(read.generator == generator());
}

TEST_CASE("a checkpoint without optimizer, best figure and counters comes back so", "[checkpoint]") {
  const TempDir dir;
  Checkpoint checkpoint = sample(5);
  checkpoint.optimizer.clear();
  checkpoint.progress = Progress();
  checkpoint.progress.step = 5;
  save_checkpoint(dir.path() / "a.h5", checkpoint);
  const Checkpoint read = load_checkpoint(dir.path() / "a.h5");
  CHECK(read.optimizer.empty());
  CHECK_FALSE(read.progress.best_metric);
  CHECK(read.progress.counters.empty());
}

TEST_CASE("equal states make equal bytes, at any time", "[checkpoint]") {
  const std::vector<std::byte> first = checkpoint_image(sample(7));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 stamps whole seconds
  CHECK(checkpoint_image(sample(7)) == first);
  CHECK(checkpoint_image(sample(8)) != first);
  const TempDir dir;
  save_checkpoint(dir.path() / "a.h5", sample(7));
  const Checkpoint read = load_checkpoint(dir.path() / "a.h5");
  CHECK(checkpoint_image(read) == checkpoint_image(load_checkpoint(dir.path() / "a.h5")));
}

TEST_CASE("files that are no sound checkpoint are refused in words", "[checkpoint]") {
  const TempDir dir;
  CHECK_THROWS_AS(load_checkpoint(dir.path() / "missing.h5"), DataError);
  write_file_atomically(dir.path() / "page.h5", "<html>");
  CHECK_THROWS_AS(load_checkpoint(dir.path() / "page.h5"), DataError);
  const auto add_facts = [](hdf5::File& file) {
    for (const char* name : {"data_digest", "device", "gpu", "simd", "blas_core"})
      file.set_attribute("/", name, std::string("x"));
    file.write_strings("/spec", {"{}"});
  };
  CHECK_THROWS_WITH(load_checkpoint(changed_file(dir, [](hdf5::File&) {})), Contains("data_digest"));
  CHECK_THROWS_WITH(load_checkpoint(changed_file(dir, add_facts)), Contains("/progress"));
  const auto add_progress = [&](hdf5::File& file, std::int64_t step) {
    add_facts(file);
    file.set_attribute("/progress", "step", step);
    file.set_attribute("/progress", "best_step", std::int64_t{0});
    file.set_attribute("/progress", "counters", std::string());
    file.set_attribute("/progress", "reals", std::string());
  };
  CHECK_THROWS_WITH(load_checkpoint(changed_file(dir, [&](hdf5::File& file) { add_progress(file, -1); })),
                    Contains("steps are never negative"));
  CHECK_THROWS_WITH(load_checkpoint(changed_file(dir, [&](hdf5::File& file) { add_progress(file, 3); })),
                    Contains("holds no tensors under /model"));
  CHECK_THROWS_WITH(load_checkpoint(changed_file(dir,
                                                 [&](hdf5::File& file) {
                                                   add_progress(file, 3);
                                                   file.set_attribute("/progress", "counters",
                                                                      std::string("env_steps"));
                                                 })),
                    Contains("env_steps"));
}

TEST_CASE("a newer checkpoint and another kind of file are refused", "[checkpoint]") {
  const TempDir dir;
  hdf5::File newer = hdf5::File::in_memory();
  hdf5::write_introduction(newer, "checkpoint", checkpoint_version + 1, "srwm 9.0.0 (abc)");
  write_file_atomically(dir.path() / "newer.h5", newer.image());
  CHECK_THROWS_WITH(load_checkpoint(dir.path() / "newer.h5"), Contains("9.0.0"));
  hdf5::File classes = hdf5::File::in_memory();
  hdf5::write_introduction(classes, "classes", 1, "test");
  write_file_atomically(dir.path() / "classes.h5", classes.image());
  CHECK_THROWS_WITH(load_checkpoint(dir.path() / "classes.h5"), Contains("checkpoint"));
}

TEST_CASE("a tensor is found by name, shape and type", "[checkpoint]") {
  Checkpoint checkpoint = sample(3);
  checkpoint.path = "a.h5";
  const auto found = [&](const char* name, const Shape& shape, DType dtype) {
    return find_tensor(checkpoint, &Checkpoint::model, name, shape, dtype).span<float>()[0];
  };
  CHECK(found("out.weight", {33, 7}, DType::f32) == 3);
  CHECK_THROWS_WITH(found("out.wait", {33, 7}, DType::f32),
                    Contains("a.h5: there is no tensor out.wait (f32 [33, 7])"));
  CHECK_THROWS_WITH(found("out.weight", {33, 8}, DType::f32),
                    Contains("out.weight is f32 [33, 7]; the model needs f32 [33, 8]"));
  CHECK_THROWS_AS(found("out.weight", {33, 7}, DType::f64), DataError);
}

TEST_CASE("what format 1 kept under /optimizer for agents is their state", "[checkpoint]") {
  const TempDir dir;
  Checkpoint checkpoint = sample(3);
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "checkpoint", 1, "test");
  for (const char* name : {"data_digest", "device"}) file.set_attribute("/", name, std::string("x"));
  file.set_attribute("/", "threads", std::int64_t{1});
  file.write_strings("/spec", {"{}"});
  for (const char* name : {"step", "best_step"}) file.set_attribute("/progress", name, std::int64_t{1});
  for (const char* name : {"counters", "reals"}) file.set_attribute("/progress", name, std::string());
  for (const char* name : {"model/w", "optimizer/square_avg.w", "optimizer/actor.state.0", "optimizer/env.0"}) {
    file.write(std::string("/") + name, filled({2}, 7));
  }
  write_file_atomically(dir / "a.h5", file.image());
  const Checkpoint read = load_checkpoint(dir / "a.h5");
  REQUIRE(read.optimizer.size() == 1);
  CHECK(read.optimizer[0].name == "square_avg.w");
  CHECK(read.state_reader().tensor("actor.state.0", {2}, DType::f32).span<float>()[1] == 7);
  CHECK(read.state.size() == 2);
  CHECK(read.arithmetic.device == "x");
  CHECK(read.arithmetic.simd.empty());
}

TEST_CASE("the newest regular checkpoints are kept", "[checkpoint]") {
  const TempDir dir;
  const RunFolder run = RunFolder::open(dir.path(), false);
  const RunPaths& paths = run.paths();
  CheckpointWriter writer(paths, 2);
  for (const std::int64_t step : {100, 200, 300, 1000}) {
    writer.save_regular(sample(step));
    if (step == 200) writer.save_best(sample(step));
    writer.save_stopped(sample(step + 1));
  }
  CHECK(step_in(paths.latest()) == 1001);
  CHECK(step_in(paths.best()) == 200);
  CHECK_FALSE(fs::exists(paths.at_step(100)));
  for (const std::int64_t step : {200, 300, 1000}) CHECK(step_in(paths.at_step(step)) == step);
  CHECK_FALSE(fs::exists(paths.at_step(1001)));
  writer.save_regular(sample(1100));
  CHECK(fs::equivalent(paths.latest(), paths.at_step(1100)));
  CHECK(std::distance(fs::directory_iterator(paths.checkpoints()), fs::directory_iterator()) == 5);
}

TEST_CASE("without older checkpoints there is only the latest", "[checkpoint]") {
  const TempDir dir;
  const RunFolder run = RunFolder::open(dir.path(), false);
  CheckpointWriter writer(run.paths(), 0);
  writer.save_regular(sample(1));
  writer.save_regular(sample(2));
  CHECK(step_in(run.paths().latest()) == 2);
  CHECK(std::distance(fs::directory_iterator(run.paths().checkpoints()), fs::directory_iterator()) == 1);
}

TEST_CASE("a run killed at any moment has a whole latest checkpoint", "[checkpoint]") {
  const TempDir dir;
  const RunFolder run = RunFolder::open(dir.path(), false);
  CheckpointWriter(run.paths(), 2).save_regular(sample(0, 5000));
  std::mt19937 random(20220718);
  std::int64_t step = 0;
  for (int kill = 0; kill < 100; ++kill) {
    const ReadyPipe saved_one;
    Child child([&] {
      CheckpointWriter writer(run.paths(), 2);
      for (std::int64_t next = step + 1;; ++next) {
        writer.save_regular(sample(next, 5000));
        saved_one.set();
      }
      return 0;
    });
    if (kill % 2 == 0) REQUIRE(saved_one.wait());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 6000));
    child.send(SIGKILL);
    child.wait();
    const Checkpoint latest = load_checkpoint(run.paths().latest());
    REQUIRE(latest.progress.step >= step);
    step = latest.progress.step;
    const std::span<const float> values = latest.model[1].tensor.span<float>();
    REQUIRE(std::ranges::all_of(values, [&](float value) { return value == static_cast<float>(step); }));
  }
  CHECK(step >= 50);
}

TEST_CASE("a full disk leaves the latest checkpoint as it was", "[checkpoint]") {
  const SmallDisk disk(1024);
  if (!disk.mounted()) {
    WARN("skipped: cannot mount a small disk: " << disk.why_not());
    return;
  }
  const RunFolder run = RunFolder::open(disk.path(), false);
  for (const std::int64_t keep : {0, 2}) {
    CheckpointWriter writer(run.paths(), keep);
    writer.save_regular(sample(1, 5000));
    CHECK_THROWS_WITH(writer.save_regular(sample(2, 30000)), Contains("the disk is full"));
    CHECK(step_in(run.paths().latest()) == 1);
  }
}

TEST_CASE("time to write a checkpoint of 1.5 million parameters", "[.][measure]") {
  const TempDir dir;
  Checkpoint checkpoint = sample(1);
  for (int i = 0; i < 30; ++i) {
    checkpoint.model.push_back({fmt::format("p{}", i), filled({50, 1000}, i)});
    checkpoint.optimizer.push_back({fmt::format("m{}", i), filled({50, 1000}, i)});
    checkpoint.optimizer.push_back({fmt::format("v{}", i), filled({50, 1000}, i)});
  }
  for (int time = 0; time < 5; ++time) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::byte> image = checkpoint_image(checkpoint);
    const auto built = std::chrono::steady_clock::now();
    write_file_atomically(dir.path() / "a.h5", image);
    const auto written = std::chrono::steady_clock::now();
    using ms = std::chrono::duration<double, std::milli>;
    WARN(image.size() << " bytes: image " << ms(built - start).count() << " ms, write " << ms(written - built).count()
                      << " ms");
  }
}
