// Meta-training: the same bits whatever happens, and something learned.
#include "train/trainer.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "ops/backend.h"
#include "support/run_files.h"
#include "support/same_model.h"
#include "support/temp_dir.h"
#include "tasks/vsml/vsml_task.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Trains as the binary does; up to `last` as if killed there.
void train(const VsmlSpec& spec, const std::filesystem::path& folder, int threads, bool resume = false,
           std::optional<std::int64_t> last = {}) {
  Logger logger(true);
  StopRequest stop(std::nullopt);
  const RunFolder run = RunFolder::open(folder, resume);
  Context context(cpu_backend(), DType::f32, threads, spec.seed);
  const auto data = std::make_shared<const VsmlData>(spec, "", threads);
  VsmlTask task(spec, context, data);
  Trainer trainer(spec, context, task, data->digest(), run.paths(), logger, stop);
  if (resume && run.paths().has_checkpoint()) trainer.resume();
  if (last) return trainer.run_until(*last);
  trainer.run();
  run.mark_done();
}

VsmlSpec some_spec() {
  VsmlSpec spec = GENERATE(small_vsml_spec(), small_backward_spec(), small_streams_spec(), small_baseline_spec());
  spec.data.sizes = GENERATE(std::vector<std::int64_t>{4}, std::vector<std::int64_t>{4, 5});
  return spec;
}

}  // namespace

TEST_CASE("meta-training gives the same bits for any number of threads", "[vsml][trainer]") {
  const VsmlSpec spec = some_spec();
  TempDir folder;
  train(spec, folder.path() / "one", 1);
  for (const int threads : {2, 7}) {
    const std::filesystem::path other = folder.path() / std::to_string(threads);
    train(spec, other, threads);
    check_same_model(folder.path() / "one", other);
    CHECK(metrics_of(folder.path() / "one") == metrics_of(other));
  }
}

TEST_CASE("meta-training that was cut off and resumed ends with the bits of one that was not", "[vsml][trainer]") {
  const VsmlSpec spec = some_spec();
  TempDir folder;
  train(spec, folder.path() / "whole", 1);
  for (const std::int64_t last : {2, 4, 10}) train(spec, folder.path() / "pieces", 1, true, last);
  train(spec, folder.path() / "pieces", 1, true);
  for (const char* file : {"checkpoints/latest.h5", "checkpoints/best.h5"}) {
    CHECK(read_file(folder.path() / "whole" / file) == read_file(folder.path() / "pieces" / file));
  }
  CHECK(metrics_of(folder.path() / "whole") == metrics_of(folder.path() / "pieces"));
}

TEST_CASE("members evaluated together have the losses of members evaluated alone", "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.data.sizes = {4, 5};  // two shapes in one call
  Context context(cpu_backend(), DType::f32, 2, 1);
  VsmlTask task(spec, context, std::make_shared<const VsmlData>(spec, "", 1));
  const std::int64_t count = task.parameters().count();
  RandomSequence random(3, Stream::es_noise, 0);
  Tensor theta = Tensor::owning({6, count}, DType::f32);
  for (float& value : theta.span<float>()) value = static_cast<float>(0.3 * random.normal());
  const std::vector<Pass> passes{{0, 0, 6}, {0, 1, 7}, {0, 2, 8}};
  const MemberOutcome together = task.member_losses(passes, theta);
  const std::vector<double> losses(together.loss.data<double>(), together.loss.data<double>() + 6);
  for (std::int64_t member = 0; member < 6; ++member) {
    const float* row = theta.data<float>() + member * count;
    for (Parameter& parameter : task.parameters().parameters()) {
      std::copy_n(row, parameter.value.numel(), parameter.value.data<float>());
      row += parameter.value.numel();
    }
    task.stage(passes[static_cast<std::size_t>(member / 2)]);
    CHECK(static_cast<double>(*task.loss().loss.data<float>()) ==
          Approx(losses[static_cast<std::size_t>(member)]).epsilon(1e-6));
  }
}

TEST_CASE("backpropagation through time and evolution strategies agree on the direction", "[vsml]") {
  VsmlSpec spec = small_backward_spec();
  spec.train.batch = 1;
  spec.train.accumulate = 1;
  spec.data.tasks = 1;
  Context context(cpu_backend(), DType::f32, 2, 1);
  const auto data = std::make_shared<const VsmlData>(spec, "", 1);
  VsmlTask task(spec, context, data);
  TrainingStep backward(context, task, {}, 1);
  backward.run_passes(0);
  std::vector<double> exact;
  for (const Parameter& p : task.parameters().parameters()) {
    for (const float g : p.slot.grad.span<float>()) exact.push_back(static_cast<double>(g));
  }
  // Along the gradient itself the loss must change as fast as its length says.
  double norm = 0;
  for (const double g : exact) norm += g * g;
  const auto loss_at = [&](double step) {
    std::size_t i = 0;
    for (Parameter& p : task.parameters().parameters()) {
      for (float& value : p.value.span<float>()) value += static_cast<float>(step * exact[i++]);
    }
    task.stage({0, 0, 0});
    return static_cast<double>(*task.loss().loss.data<float>());
  };
  const double size = 0.02 / std::sqrt(norm);
  const double high = loss_at(size), low = loss_at(-2 * size);
  CHECK((high - low) / (2 * size) == Approx(norm).epsilon(0.02));
}

TEST_CASE("a rule that has nothing to train is not trained", "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.model.kind = ModelKind::adam;
  Context context(cpu_backend(), DType::f32, 1, 1);
  CHECK_THROWS_WITH(VsmlTask(spec, context, std::make_shared<const VsmlData>(spec, "", 1)),
                    Contains("nothing to meta-train") && Contains("srwm eval --config"));
}

TEST_CASE("a few steps of backpropagation lower the loss on the same few episodes", "[vsml][trainer]") {
  VsmlSpec spec = small_backward_spec();
  spec.data.tasks = 1;
  spec.data.project = 0;
  spec.optim.rate = 0.02;
  spec.episode.length = 12;
  spec.model.message = 4;
  spec.model.state = 8;
  spec.model.layer_norm = spec.model.feed_label = spec.model.backward_pass = true;
  Context context(cpu_backend(), DType::f32, 2, 1);
  VsmlTask task(spec, context, std::make_shared<const VsmlData>(spec, "", 1));
  TrainingStep step(context, task, {.accumulate = 2}, 1);
  const auto mean_loss = [&](std::int64_t first) {
    step.set_totals({});
    for (std::int64_t i = 0; i < 20; ++i) step.run(first + i);
    return step.totals().loss / 40;
  };
  const double before = mean_loss(0);
  for (std::int64_t i = 20; i < 100; ++i) step.run(i);
  const double after = mean_loss(100);
  CHECK(before == Approx(std::log(2.0)).epsilon(0.1));
  CHECK(after < before - 0.03);
}
