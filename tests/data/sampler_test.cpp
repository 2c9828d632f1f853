#include "data/sampler.h"

#include <array>
#include <map>
#include <numeric>
#include <set>

#include <catch2/catch.hpp>

#include "data/made_split.h"

using namespace srwm;
using Catch::Matchers::Contains;
using srwm::test::make_split;

namespace {

EpisodeOptions make_options(Protocol protocol, std::int64_t n_way, std::int64_t k_shot, std::int64_t queries) {
  EpisodeOptions options;
  options.protocol = protocol;
  options.n_way = n_way;
  options.k_shot = k_shot;
  options.queries = queries;
  return options;
}

/// The label of the image at a position, fed or asked for.
std::int32_t label_at(const EpisodeBatch& batch, std::size_t position) {
  return batch.target[position] >= 0 ? batch.target[position] : batch.label_in[position];
}

/// Checks what holds for every episode: per label one class and `k_shot` images in the support, no image twice.
void check_episode(const EpisodeBatch& batch, std::int64_t episode, std::int64_t classes, std::int64_t ways,
                   const EpisodeOptions& options) {
  std::map<std::int32_t, std::pair<std::int64_t, int>> class_of_label;
  std::map<std::int32_t, std::int64_t> shots;
  std::set<std::pair<std::int32_t, int>> images;
  for (std::int64_t t = 0; t < batch.length; ++t) {
    const auto p = static_cast<std::size_t>(episode * batch.length + t);
    const std::int32_t label = label_at(batch, p);
    const std::pair<std::int64_t, int> drawn{batch.image[p] % classes, batch.rotation[p]};
    REQUIRE((0 <= label && label < options.n_way));
    REQUIRE(class_of_label.try_emplace(label, drawn).first->second == drawn);
    REQUIRE(images.insert({batch.image[p], batch.rotation[p]}).second);
    if (t < batch.length - batch.queries) ++shots[label];
  }
  REQUIRE(std::ssize(shots) == ways);
  std::set<std::pair<std::int64_t, int>> different;
  for (const auto& [label, drawn] : class_of_label) different.insert(drawn);
  REQUIRE(different.size() == class_of_label.size());
  for (const auto& [label, count] : shots) REQUIRE(count == options.k_shot);
}

}  // namespace

TEST_CASE("label-synchronous episodes: labels with the support, queries without", "[sampler]") {
  const ClassSplit split = make_split(9, 6);
  const EpisodeOptions options = make_options(Protocol::sync, 5, 3, 2);
  EpisodeBatch batch;
  EpisodeSampler(split, options, 7, Stream::train_episodes).sample(3, 200, batch);
  CHECK(batch.batch == 200);
  CHECK(batch.length == 17);
  CHECK(batch.queries == 2);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    check_episode(batch, episode, 9, 5, options);
    for (std::int64_t t = 0; t < batch.length; ++t) {
      const auto p = static_cast<std::size_t>(episode * batch.length + t);
      if (t < 15) CHECK(batch.target[p] == -1);
      if (t >= 15) CHECK((batch.target[p] >= 0 && batch.label_in[p] == 0));
    }
  }
}

TEST_CASE("delayed-label episodes: every position is asked for and fed one later", "[sampler]") {
  const ClassSplit split = make_split(9, 6);
  const EpisodeOptions options = make_options(Protocol::delayed, 5, 6, 1);
  EpisodeBatch batch;
  EpisodeSampler(split, options, 7, Stream::train_episodes).sample(3, 100, batch);
  CHECK(batch.length == 30);
  CHECK(batch.queries == 0);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    check_episode(batch, episode, 9, 5, options);
    for (std::int64_t t = 0; t < batch.length; ++t) {
      const auto p = static_cast<std::size_t>(episode * batch.length + t);
      CHECK(batch.target[p] >= 0);
      CHECK(batch.label_in[p] == (t == 0 ? 0 : batch.target[p - 1]));
    }
  }
}

TEST_CASE("the smallest split that will do is enough", "[sampler]") {
  const EpisodeOptions options = make_options(Protocol::sync, 4, 2, 3);
  const ClassSplit split = make_split(4, 5);
  EpisodeBatch batch;
  EpisodeSampler(split, options, 1, Stream::test_episodes).sample(0, 300, batch);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) check_episode(batch, episode, 4, 4, options);
  CHECK_THROWS_WITH(EpisodeSampler(make_split(3, 5), options, 1, Stream::test_episodes), Contains("only 3 classes"));
  CHECK_THROWS_WITH(EpisodeSampler(make_split(4, 4), options, 1, Stream::test_episodes),
                    Contains("need 5 images") && Contains("'class0' has 4"));
  CHECK_THROWS_AS(EpisodeSampler(make_split(400, 5), make_options(Protocol::sync, 257, 1, 1), 1, Stream::init),
                  SpecError);
}

TEST_CASE("quarter turns make classes of their own", "[sampler]") {
  const ClassSplit split = make_split(2, 4);
  EpisodeOptions options = make_options(Protocol::sync, 8, 1, 1);
  CHECK_THROWS_AS(EpisodeSampler(split, options, 1, Stream::test_episodes), SpecError);
  options.rotations = true;
  EpisodeBatch batch;
  EpisodeSampler(split, options, 1, Stream::test_episodes).sample(0, 100, batch);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) check_episode(batch, episode, 2, 8, options);
}

TEST_CASE("fewer ways take their labels from all slots", "[sampler]") {
  const ClassSplit split = make_split(20, 4);
  const EpisodeOptions options = make_options(Protocol::sync, 5, 2, 1);
  EpisodeBatch batch;
  EpisodeSampler(split, options, 11, Stream::train_episodes).sample(0, 2000, batch, 0, 2);
  CHECK(batch.length == 5);
  std::array<int, 5> seen{};
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    check_episode(batch, episode, 20, 2, options);
    ++seen[static_cast<std::size_t>(batch.target[static_cast<std::size_t>(episode * 5 + 4)])];
  }
  for (const int count : seen) CHECK(std::abs(count - 400) < 90);  // 5 standard deviations of 18
}

TEST_CASE("the number of ways grows linearly", "[sampler]") {
  EpisodeOptions options = make_options(Protocol::sync, 5, 1, 1);
  const ClassSplit split = make_split(5, 2);
  CHECK(EpisodeSampler(split, options, 1, Stream::init).ways_at(0) == 5);
  options.first_ways = 2;
  options.ways_steps = 300;
  const EpisodeSampler sampler(split, options, 1, Stream::init);
  CHECK(sampler.ways_at(0) == 2);
  CHECK(sampler.ways_at(99) == 2);
  CHECK(sampler.ways_at(100) == 3);
  CHECK(sampler.ways_at(300) == 5);
  CHECK(sampler.ways_at(1000000) == 5);
}

TEST_CASE("classes, labels, places and query classes are drawn uniformly (seed 5)", "[sampler]") {
  constexpr std::int64_t classes = 10, episodes = 20000;
  const ClassSplit split = make_split(classes, 3);
  EpisodeBatch batch;
  EpisodeSampler(split, make_options(Protocol::sync, 5, 1, 1), 5, Stream::train_episodes).sample(0, episodes, batch);
  std::array<int, classes> query_class{};
  std::array<std::array<int, 5>, 5> label_at_place{};
  std::array<std::array<int, 5>, classes> label_of_class{};
  std::array<int, 5> query_label{};
  for (std::size_t p = 0; p < batch.image.size(); ++p) {
    const std::size_t c = static_cast<std::size_t>(batch.image[p] % classes), t = p % 6;
    const auto label = static_cast<std::size_t>(label_at(batch, p));
    if (t == 5) {
      ++query_class[c];
      ++query_label[label];
    } else {
      ++label_at_place[t][label];
      ++label_of_class[c][label];
    }
  }
  const auto is_near = [](int count, double expected) { return std::abs(count - expected) <= 5 * std::sqrt(expected); };
  for (const int count : query_class) CHECK(is_near(count, episodes / 10.0));
  for (const int count : query_label) CHECK(is_near(count, episodes / 5.0));
  for (const auto& place : label_at_place) {
    for (const int count : place) CHECK(is_near(count, episodes / 5.0));
  }
  for (const auto& of_class : label_of_class) {
    for (const int count : of_class) CHECK(is_near(count, episodes / 10.0));
  }
}

TEST_CASE("an episode is a function of seed, stream, step and number", "[sampler]") {
  const ClassSplit split = make_split(30, 5);
  const EpisodeOptions options = make_options(Protocol::sync, 5, 2, 1);
  const EpisodeSampler sampler(split, options, 5, Stream::test_episodes);
  EpisodeBatch whole, part, other;
  sampler.sample(2, 8, whole);
  sampler.sample(9, 100, part);  // whatever was drawn before
  sampler.sample(2, 3, part, 4);
  CHECK(std::equal(part.image.begin(), part.image.end(), whole.image.begin() + 4 * whole.length));
  CHECK(std::equal(part.target.begin(), part.target.end(), whole.target.begin() + 4 * whole.length));
  sampler.sample(3, 8, other);
  CHECK(other.image != whole.image);
  EpisodeSampler(split, options, 6, Stream::test_episodes).sample(2, 8, other);
  CHECK(other.image != whole.image);
  EpisodeSampler(split, options, 5, Stream::validation_episodes).sample(2, 8, other);
  CHECK(other.image != whole.image);
}

TEST_CASE("the drawn numbers stay what they are", "[sampler]") {
  // A resumed run must draw the episodes of the run that was stopped, by whatever version of the program.
  const ClassSplit split = make_split(100, 20);
  EpisodeOptions options = make_options(Protocol::sync, 5, 1, 1);
  options.rotations = true;
  EpisodeBatch batch;
  EpisodeSampler(split, options, 1, Stream::train_episodes).sample(0, 1, batch);
  CHECK(batch.image == std::vector<std::int32_t>{1728, 3, 1607, 506, 311, 6});
  CHECK(batch.target.back() == 1);
}

TEST_CASE("future images follow the support, as many of each class, none shown before", "[sampler]") {
  const ClassSplit split = make_split(6, 7);
  EpisodeOptions options = make_options(Protocol::sync, 3, 2, 2);
  options.future_shots = 3;
  EpisodeBatch batch;
  EpisodeSampler(split, options, 5, Stream::train_episodes).sample(0, 100, batch);
  CHECK(batch.length == 3 * 2 + 3 * 3 + 2);
  CHECK(batch.future == 9);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    std::map<std::int32_t, int> support, future;
    std::set<std::int32_t> images;
    for (std::int64_t t = 0; t < batch.length; ++t) {
      const auto p = static_cast<std::size_t>(episode * batch.length + t);
      REQUIRE(images.insert(batch.image[p]).second);
      if (t < 15) ++(t < 6 ? support : future)[label_at(batch, p)];
      CHECK((batch.target[p] >= 0) == (t >= 15));
    }
    for (const auto& [label, count] : support) CHECK(count == 2);
    for (const auto& [label, count] : future) CHECK(count == 3);
    CHECK(support.size() == 3);
    CHECK(future.size() == 3);
  }
}
