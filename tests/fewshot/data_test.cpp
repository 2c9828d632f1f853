#include "fewshot/data.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "fewshot/training_fixture.h"

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

TEST_CASE("validation and test episodes do not depend on the spec's seed", "[data]") {
  ExperimentSpec spec = small_spec();
  EpisodeBatch a, b;
  FewShotData(spec, "", 1).drawn(Split::val, 0)->batch(5, 3, a);
  spec.seed = 99;
  FewShotData(spec, "", 1).drawn(Split::val, 0)->batch(5, 3, b);
  CHECK(a.image == b.image);
  CHECK(a.target == b.target);
}
