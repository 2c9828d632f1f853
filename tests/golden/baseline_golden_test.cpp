// The networks that VSML is compared with against PyTorch: data/baselines.h5 comes from make_baseline_golden.py.
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "golden/numbers.h"
#include "io/hdf5.h"
#include "tasks/vsml/baseline_net.h"

using namespace srwm;
using namespace srwm::test;

namespace {

BaselineOptions options_of(const std::string& name) {
  BaselineOptions options{.lstm_units = 5,
                          .oja = !name.ends_with("_plain"),
                          .memory = 3,
                          .fast_size = 4,
                          .convolutions = name.ends_with("_conv")};
  if (name.starts_with("hebbian")) options.kind = BaselineKind::hebbian;
  if (name.starts_with("fw_memory")) options.kind = BaselineKind::fw_memory;
  if (name.starts_with("fwp")) options.kind = BaselineKind::fwp;
  return options;
}

template <typename Real>
std::vector<Real> numbers_of(const hdf5::File& file, const std::string& dataset) {
  const std::vector<double> values = values_of(file.read(dataset));
  return {values.begin(), values.end()};
}

/// Largest difference of the logits to PyTorch's.
template <typename Real>
double error_of(const std::string& name) {
  const hdf5::File file = hdf5::File::open(std::filesystem::path(GOLDEN_DATA) / "baselines.h5");
  const std::string group = "/" + name;
  const EpisodeShape shape{file.int_attribute(group, "inputs"), file.int_attribute(group, "classes")};
  const BaselineOptions options = options_of(name);
  const auto theta = numbers_of<Real>(file, group + "/theta"), x = numbers_of<Real>(file, group + "/x");
  const auto fast = name == "fwp" ? numbers_of<Real>(file, group + "/fast") : std::vector<Real>();
  std::int64_t parameters = 0;
  for (const BaselineParameter& parameter : baseline_parameters(options, shape)) parameters += parameter.shape.numel();
  REQUIRE(parameters == std::ssize(theta));
  const Tensor labels = file.read(group + "/labels");
  const std::vector<double> expected = values_of(file.read(group + "/logits"));
  std::vector<Real> logits(expected.size());
  const auto net = make_baseline_net<Real>(options, shape, {theta.data()}, fast);
  run_baseline<Real>(*net, options.bound, x, labels.span<std::int32_t>(), logits);
  return deviation(std::vector<double>(logits.begin(), logits.end()), expected) / largest(expected);
}

}  // namespace

TEST_CASE("the networks that VSML is compared with predict as in PyTorch", "[golden]") {
  const std::string name = GENERATE("meta_rnn", "meta_rnn_conv", "hebbian", "hebbian_plain", "hebbian_conv",
                                    "fw_memory", "fw_memory_conv", "fwp");
  INFO(name);
  CHECK(error_of<double>(name) <= 1e-9);
  CHECK(error_of<float>(name) <= 1e-4);
}
