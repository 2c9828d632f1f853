// Every spec of a learning rule in experiments/ runs: a dry run on made-up data of the same shape, or an evaluation
// where there is nothing to train. Only the length of episodes and the numbers of pairs and episodes are smaller.
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "data/class_dataset.h"
#include "ops/backend.h"
#include "spec/parse.h"
#include "support/temp_dir.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/vsml_task.h"
#include "train/dry_run.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t images_per_class = 3;

ClassSplit made_split(std::int64_t classes, const std::string& prefix) {
  ClassSplit split;
  split.images = Tensor::owning({classes * images_per_class, 28, 28, 1}, DType::u8);
  for (std::int64_t i = 0; i < split.images.numel(); ++i) {
    split.images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(37 * i % 251);
  }
  for (std::int64_t c = 0; c < classes; ++c) {
    split.class_names.push_back(prefix + std::to_string(c));
    std::vector<std::int32_t>& members = split.members.emplace_back();
    for (std::int64_t i = 0; i < images_per_class; ++i) {
      members.push_back(static_cast<std::int32_t>(c * images_per_class + i));
    }
  }
  return split;
}

/// MNIST, or with `is_disjoint` Omniglot, in shape.
void write_made_dataset(const TempDir& dir, const std::string& name, std::int64_t classes, bool is_disjoint = false) {
  ClassDataset dataset;
  dataset.name = name;
  dataset.train = made_split(classes, "");
  dataset.test = made_split(classes, is_disjoint ? "t" : "");
  if (is_disjoint) dataset.val = made_split(classes, "v");
  set_statistics(dataset);
  set_labels(dataset);
  set_digest(dataset);
  write_class_dataset(dataset, dir / (name + ".h5"), "test");
}

std::unique_ptr<AnySpec> load_small(const std::filesystem::path& path) {
  auto spec = load_spec_of(vsml_keys(), path);
  auto& vsml = as<VsmlSpec>(*spec);
  vsml.episode.length = std::min<std::int64_t>(vsml.episode.length, 2);
  vsml.train.evolution.population = std::min<std::int64_t>(vsml.train.evolution.population, 1);
  vsml.train.batch = std::min<std::int64_t>(vsml.train.batch, vsml.learns_streams() ? 1 : 64);
  vsml.test.length = 2;
  vsml.test.episodes = 1;
  return spec;
}

}  // namespace

TEST_CASE("every spec of a learning rule in experiments/ runs", "[vsml]") {
  TempDir dir;
  for (const char* name : {"mnist", "fashion_mnist", "kmnist"}) write_made_dataset(dir, name, 10);
  write_made_dataset(dir, "emnist", 62);
  write_made_dataset(dir, "omniglot28", 6, true);
  int trained = 0, evaluated = 0;
  const std::filesystem::path folder = std::filesystem::path(SRWM_SOURCE_DIR) / "experiments";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().lexically_relative(folder).string();
    if (path.find("vsml") == std::string::npos || !path.ends_with(".json") || path.ends_with("table.json")) continue;
    INFO(path);
    const auto spec = load_small(entry.path());
    const auto& vsml = as<VsmlSpec>(*spec);
    Context context(cpu_backend(), DType::f32, 2, 1);
    const auto data = std::make_shared<const VsmlData>(vsml, dir.path().string(), 2);
    if (vsml.model.is_trained()) {
      VsmlTask task(vsml, context, data);
      CHECK_THAT(describe_dry_run(vsml, context, task), Contains("one step: ") && Contains("examples/s"));
      ++trained;
    } else {
      ParameterSet parameters(context, 1);
      const auto rule = make_rule(parameters, vsml, {});
      const StreamEvaluations result = evaluate_streams(context, *rule, *data, vsml, {.group = "test"});
      CHECK(result.datasets.size() == vsml.test.streams.datasets.size());
      ++evaluated;
    }
  }
  CHECK(trained >= 25);
  CHECK(evaluated >= 6);
}
