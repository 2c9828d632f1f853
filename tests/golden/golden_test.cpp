// The few-shot models against PyTorch: the files in data/ come from make_golden.py.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "fewshot/data.h"
#include "fewshot/learner.h"
#include "fewshot/predictor.h"
#include "golden/numbers.h"
#include "io/hdf5.h"
#include "ops/backend.h"
#include "optim/adam.h"
#include "run/checkpoint.h"
#include "spec/parse.h"

using namespace srwm;
using namespace srwm::test;

namespace {

void copy_into(const std::vector<NamedTensor>& stored, const std::string& name, const Tensor& target) {
  const auto found = std::ranges::find(stored, name, &NamedTensor::name);
  REQUIRE(found != stored.end());
  copy_values(found->tensor, target);
}

/// Model, episodes and PyTorch's numbers of one case.
class GoldenCase {
 public:
  GoldenCase(const std::string& name, const Backend& backend, DType real)
      : checkpoint_(load_checkpoint(stem(name) + ".checkpoint.h5")),
        spec_(parse_spec_text(checkpoint_.spec_json, name)),
        file_(read_episode_file(stem(name) + ".episodes.h5")),
        source_(episodes_of(file_, {{{"", file_.images, {}, {}}}})),
        expected_(hdf5::File::open(stem(name) + ".expected.h5")),
        context_(backend, real, 2),
        learner_(context_, spec_, source_->pool().shape()),
        adam_(context_, learner_.parameters(), spec_.optim, spec_.model.core.hidden) {
    REQUIRE(checkpoint_.model.size() == parameters().parameters().size() + parameters().states().size());
    for (const Parameter& parameter : parameters().parameters()) {
      copy_into(checkpoint_.model, parameter.name, parameter.value);
    }
    for (const StateTensor& state : parameters().states()) copy_into(checkpoint_.model, state.name, state.value);
  }

  const ParameterSet& parameters() const { return learner_.parameters(); }
  std::vector<double> expected(const std::string& name) const { return values_of(expected_.read(name)); }

  std::vector<double> logits() {
    EpisodeBatch batch;
    source_->batch(0, file_.episodes(), batch);
    return values_of(predict(context_, learner_, batch, source_->pool()).logits);
  }

  /// Trains and gives the loss of each step.
  std::vector<double> losses() {
    std::vector<double> found;
    EpisodeBatch batch;
    for (std::int64_t step = 0; step < spec_.train.steps; ++step) {
      source_->batch(step * spec_.train.batch, spec_.train.batch, batch);
      if (spec_.bootstrap.kind != BootstrapKind::none) {
        batch.future = spec_.protocol.n_way * spec_.bootstrap.future_shots;
      }
      learner_.parameters().zero_grad();
      found.push_back(learner_.accumulate_gradient(context_, batch, source_->pool()).loss);
      adam_.step(context_);
    }
    return found;
  }

 private:
  static std::string stem(const std::string& name) { return (std::filesystem::path(GOLDEN_DATA) / name).string(); }

  Checkpoint checkpoint_;
  ExperimentSpec spec_;
  EpisodeFile file_;
  std::unique_ptr<EpisodeSource> source_;
  hdf5::File expected_;
  Context context_;
  FewShotLearner learner_;
  Adam adam_;
};

const std::vector<std::string> all_cases{"srwm",           "delta_net",    "lstm",       "srwm_softmax",
                                         "srwm_delayed",   "srwm_kl",      "res12_srwm", "linear_transformer",
                                         "transformer",    "res12_lstm",   "srwm_84",    "res12_delta_net",
                                         "srwm_state_mse", "delta_net_84", "lstm_84"};

std::string any_case() {
  return all_cases[GENERATE(range(std::size_t{0}, all_cases.size()))];
}

/// Batch-norm takes the mean away, so the true gradient of these is zero, and Adam walks on rounding errors. The
/// running mean follows them.
bool follows_rounding(const std::string& name) {
  return name.starts_with("conv_layers.") && (name.ends_with(".0.bias") || name.ends_with(".running_mean"));
}

/// A tensor after training: its largest difference from PyTorch's, relative to its largest element.
double final_deviation(const GoldenCase& golden, const std::string& name, const Tensor& found) {
  const std::vector<double> expected = golden.expected("/final/" + name);
  return deviation(values_of(found), expected) / largest(expected);
}

/// The same for the whole model.
double final_deviation(const GoldenCase& golden) {
  double worst = 0;
  const auto take = [&](const std::string& name, const Tensor& found) {
    if (follows_rounding(name)) return;
    const double difference = final_deviation(golden, name, found);
    INFO(name << " differs by " << difference << " of its largest element");
    CHECK(difference <= 1e-8);
    worst = std::max(worst, difference);
  };
  for (const Parameter& parameter : golden.parameters().parameters()) take(parameter.name, parameter.value);
  for (const StateTensor& state : golden.parameters().states()) take(state.name, state.value);
  return worst;
}

}  // namespace

TEST_CASE("Logits of fixed weights are PyTorch's", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, cpu_backend(), DType::f32);
  const std::vector<double> expected = golden.expected("/logits");
  CHECK(largest(expected) > 0.1);
  const double difference = deviation(golden.logits(), expected);
  CAPTURE(difference);
  CHECK(difference <= 1e-5 * std::max(10.0, largest(expected)));
}

TEST_CASE("Adam's steps in double precision are PyTorch's", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, reference_backend(DType::f64), DType::f64);
  const double difference = deviation(golden.losses(), golden.expected("/losses"));
  CAPTURE(difference);
  CHECK(difference <= 1e-8);
  final_deviation(golden);
}

TEST_CASE("Losses of training in single precision follow PyTorch's in double", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, cpu_backend(), DType::f32);
  const double difference = deviation(golden.losses(), golden.expected("/losses"));
  CAPTURE(difference);
  CHECK(difference <= 1e-3);
}

// For docs/benchmarks/trust.md: test_golden "[deviations]" prints its table.
TEST_CASE("Largest deviations from PyTorch", "[.][deviations]") {
  fmt::print("| case | logits, f32 | losses, f64 | parameters, f64 | losses, f32 |\n|---|---|---|---|---|\n");
  for (const std::string& name : all_cases) {
    GoldenCase single(name, cpu_backend(), DType::f32), exact(name, reference_backend(DType::f64), DType::f64);
    const double logits = deviation(single.logits(), single.expected("/logits"));
    const double exact_losses = deviation(exact.losses(), exact.expected("/losses"));
    const double losses = deviation(single.losses(), single.expected("/losses"));
    fmt::print("| {} | {:.1e} | {:.1e} | {:.1e} | {:.1e} |\n", name, logits, exact_losses, final_deviation(exact),
               losses);
  }
}
