#include "tasks/fewshot/data.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "fewshot/training_fixture.h"
#include "tasks/fewshot/learner.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

TEST_CASE("training on stored episodes gives the losses of drawing them", "[data]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  spec.protocol.protocol = GENERATE(Protocol::sync, Protocol::delayed);
  spec.train = {.steps = 3, .batch = 4, .report_every = 1};
  spec.validation.every = spec.test.episodes = 0;
  train(spec, folder.path() / "drawn");
  spec.data.train_episodes = store_training_episodes(spec, 12, folder.path()).string();
  train(spec, folder.path() / "stored");
  CHECK(metrics_of(folder.path() / "drawn") == metrics_of(folder.path() / "stored"));
}

TEST_CASE("stored episodes that do not fit the spec are refused", "[data]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  spec.data.train_episodes = store_training_episodes(spec, 2, folder.path()).string();
  ExperimentSpec other = spec;
  other.protocol.n_way = 4;
  CHECK_THROWS_WITH(FewShotData(other, "", 1), Contains("3-way") && Contains("4-way"));
  other = spec;
  other.data.glyphs.image_size = 32;
  CHECK_THROWS_WITH(FewShotData(other, "", 1), Contains("[20, 28, 28, 1]") || Contains("28, 28"));
}

TEST_CASE("a run warns of classes and pictures that training and test have in common", "[data]") {
  TempDir folder;
  ExperimentSpec spec = small_spec();
  CHECK(FewShotData(spec, "", 1).warnings(1).empty());  // generated
  ClassDataset dataset = make_glyphs(spec.data.glyphs, 1);
  spec.data.dataset = (folder.path() / "d.h5").string();
  write_class_dataset(dataset, spec.data.dataset, "srwm test");
  CHECK(FewShotData(spec, "", 1).warnings(1).empty());
  dataset.test.class_names[2] = dataset.train.class_names[1];
  std::copy_n(dataset.train.images.data<std::uint8_t>(), 28 * 28, dataset.test.images.data<std::uint8_t>());
  write_class_dataset(dataset, spec.data.dataset, "srwm test");
  const std::vector<std::string> warnings = FewShotData(spec, "", 1).warnings(2);
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[0], Contains(spec.data.dataset) && Contains("in another split"));
  CHECK_THAT(warnings[1], Contains("names of classes are in more than one split"));
}

TEST_CASE("each image of two tasks is normalized with the statistics of its own dataset", "[data]") {
  const ExperimentSpec spec = small_sequential_spec();
  const FewShotData data(spec, "", 1);
  CHECK(data.digest().find('+') != std::string::npos);
  const ImagePool& pool = data.training().pool();
  REQUIRE(pool.sets.size() == 2);
  CHECK(pool.sets[0].mean != pool.sets[1].mean);
  Context context(cpu_backend(), DType::f32, 2, spec.seed);
  FewShotLearner learner(context, spec, data.image_shape());
  EpisodeBatch batch;
  data.training().batch(4, 2, batch);
  const StagedBatch staged = learner.stage(context, batch, pool);
  gather_images(context, staged);
  const std::int64_t pixels = 28 * 28;
  for (std::int64_t p = 0; p < batch.positions(); ++p) {
    const auto i = static_cast<std::size_t>(p);
    if (batch.rotation[i] != 0) continue;
    const ImageSet& set = pool.sets[batch.task[i]];
    const std::uint8_t pixel = set.images.data<std::uint8_t>()[batch.image[i] * pixels + 400];
    const double expected = (pixel / 255.0 - set.mean[0]) / set.std[0];
    CHECK(staged.input.images.data<float>()[p * pixels + 400] == Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("datasets of different image sizes are no two tasks", "[data]") {
  TempDir folder;
  ExperimentSpec spec = small_sequential_spec();
  write_class_dataset(make_glyphs({.image_size = 20, .train_classes = 4, .val_classes = 4, .test_classes = 4}, 1),
                      folder.path() / "other.h5", "test");
  spec.data.second_dataset = (folder.path() / "other.h5").string();
  CHECK_THROWS_WITH(FewShotData(spec, "", 1), Contains("28 x 28 x 1") && Contains("20 x 20 x 1"));
}

TEST_CASE("validation and test episodes do not depend on the spec's seed", "[data]") {
  ExperimentSpec spec = small_spec();
  EpisodeBatch a, b;
  FewShotData(spec, "", 1).drawn(Split::val, 0)->batch(5, 3, a);
  spec.seed = 99;
  FewShotData(spec, "", 1).drawn(Split::val, 0)->batch(5, 3, b);
  CHECK(a.image == b.image);
  CHECK(a.target == b.target);
}
