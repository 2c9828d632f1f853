// The few-shot models against PyTorch, case by case of golden_case.h.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "golden/golden_case.h"
#include "golden/numbers.h"
#include "ops/backend.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// What agreement means. Training in float32 is compared with PyTorch's in double, so its limit is that of float32.
constexpr double logits_limit = 1e-4, relative_logits_limit = 1e-5;  // the larger of the two
constexpr double exact_limit = 1e-8, single_losses_limit = 1e-3;

std::string any_case() {
  const std::vector<std::string> names = golden_cases();
  REQUIRE_FALSE(names.empty());
  return names[GENERATE_COPY(range(std::size_t{0}, names.size()))];
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
    CHECK(difference <= exact_limit);
    worst = std::max(worst, difference);
  };
  for (const Parameter& parameter : golden.parameters().parameters()) take(parameter.name, parameter.value);
  for (const StateTensor& state : golden.parameters().states()) take(state.name, state.value);
  return worst;
}

/// A row of the table: the largest logit, then deviations: logits in float32, relative to that logit too; losses and
/// parameters in double; losses in float32.
using Row = std::array<double, 6>;

Row deviations(const std::string& name) {
  GoldenCase single(name, cpu_backend(), DType::f32), exact(name, reference_backend(DType::f64), DType::f64);
  const double logit = largest(single.expected("/logits"));
  const double logits = deviation(single.logits(), single.expected("/logits"));
  const double exact_losses = deviation(exact.losses(), exact.expected("/losses"));
  const double losses = deviation(single.losses(), single.expected("/losses"));
  return {logit, logits, logits / logit, exact_losses, final_deviation(exact), losses};
}

void print_row(const std::string& name, const Row& row) {
  fmt::print("| {} | {:.1f} | {:.1e} |\n", name, row[0], fmt::join(row.begin() + 1, row.end(), " | "));
}

}  // namespace

TEST_CASE("Logits of fixed weights are PyTorch's", "[golden][few-shot]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, cpu_backend(), DType::f32);
  const std::vector<double> expected = golden.expected("/logits");
  CHECK(largest(expected) > 0.1);
  const double difference = deviation(golden.logits(), expected);
  CAPTURE(difference);
  CHECK(difference <= std::max(logits_limit, relative_logits_limit * largest(expected)));
}

TEST_CASE("Adam's steps in double precision are PyTorch's", "[golden][few-shot]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, reference_backend(DType::f64), DType::f64);
  const double difference = deviation(golden.losses(), golden.expected("/losses"));
  CAPTURE(difference);
  CHECK(difference <= exact_limit);
  final_deviation(golden);
}

TEST_CASE("Losses of training in single precision follow PyTorch's in double", "[golden][few-shot]") {
  const std::string name = any_case();
  INFO(name);
  GoldenCase golden(name, cpu_backend(), DType::f32);
  const double difference = deviation(golden.losses(), golden.expected("/losses"));
  CAPTURE(difference);
  CHECK(difference <= single_losses_limit);
}

// For docs/benchmarks/agreement.md: test_golden "[deviations]" prints its table.
TEST_CASE("Largest deviations from PyTorch", "[.][deviations]") {
  fmt::print("| case | largest logit | logits, f32 | relative | losses, f64 | parameters, f64 | losses, f32 |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  Row worst{};
  for (const std::string& name : golden_cases()) {
    const Row row = deviations(name);
    print_row(name, row);
    std::ranges::transform(worst, row, worst.begin(), [](double a, double b) { return std::max(a, b); });
  }
  print_row("all", worst);
  fmt::print("| limit | | {:.0e}, or | {:.0e} | {:.0e} | {:.0e} | {:.0e} |\n", logits_limit, relative_logits_limit,
             exact_limit, exact_limit, single_losses_limit);
}
