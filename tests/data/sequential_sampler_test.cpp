#include "data/sequential_sampler.h"

#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "data/made_split.h"

using namespace srwm;
using srwm::test::make_split;

namespace {

constexpr std::int64_t ways = 3, shots = 4, segment = ways * shots;

struct Fixture {
  ClassSplit first = make_split(7, 6), second = make_split(5, 9);
  EpisodeOptions options = [] {
    EpisodeOptions o;
    o.protocol = Protocol::sequential;
    o.n_way = ways;
    o.k_shot = shots;
    o.second_rotations = true;
    o.max_trim = 10;
    return o;
  }();
  SequentialSampler sampler{first, second, options, 3, Stream::train_episodes};
  EpisodeBatch batch;

  /// Positions of an episode before the task changes.
  std::int64_t first_length(std::int64_t episode) const {
    std::int64_t t = 1;
    while (batch.task[at(episode, t)] == batch.task[at(episode, 0)]) ++t;
    return t;
  }
  std::size_t at(std::int64_t episode, std::int64_t t) const {
    return static_cast<std::size_t>(episode * batch.length + t);
  }

  /// Per class slot one class and no image twice; only the second task is turned.
  void check_segment(std::int64_t episode, std::int64_t begin, std::int64_t end) const {
    std::map<std::int32_t, std::pair<std::int64_t, int>> class_of;
    std::set<std::pair<std::int32_t, int>> images;
    const int task = batch.task[at(episode, begin)];
    for (std::int64_t t = begin; t < end; ++t) {
      const std::size_t p = at(episode, t);
      REQUIRE(batch.task[p] == task);
      const std::pair<std::int64_t, int> drawn{batch.image[p] % (task == 0 ? 7 : 5), batch.rotation[p]};
      REQUIRE(class_of.try_emplace(batch.target[p], drawn).first->second == drawn);
      REQUIRE(images.insert({batch.image[p], batch.rotation[p]}).second);
      if (task == 0) REQUIRE(batch.rotation[p] == 0);
    }
    REQUIRE(std::ssize(class_of) <= ways);
  }

  /// The label fed is that of the image before, over the change of tasks too.
  void check_feeding(std::int64_t episode) const {
    REQUIRE(batch.label_in[at(episode, 0)] == 0);
    for (std::int64_t t = 1; t < batch.length; ++t) {
      REQUIRE(batch.label_in[at(episode, t)] == batch.target[at(episode, t - 1)]);
    }
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "evaluation: whole segments, the order alternates, any batch size gives the same",
                 "[sequential]") {
  sampler.sample_for_evaluation(3, 6, batch);
  CHECK(batch.length == 2 * segment);
  CHECK(batch.queries == 0);
  for (std::int64_t e = 0; e < 6; ++e) {
    CHECK(batch.task[at(e, 0)] == (3 + e) % 2);
    CHECK(first_length(e) == segment);
    check_segment(e, 0, segment);
    check_segment(e, segment, 2 * segment);
    check_feeding(e);
    std::map<std::int32_t, int> shown;
    for (std::int64_t t = segment; t < 2 * segment; ++t) ++shown[batch.target[at(e, t)]];
    for (const auto& [slot, count] : shown) CHECK(count == shots);
  }
  EpisodeBatch single;
  sampler.sample_for_evaluation(5, 1, single);
  CHECK(std::ranges::equal(single.image, std::span(batch.image).subspan(at(2, 0), 2 * segment)));
  CHECK(std::ranges::equal(single.label_in, std::span(batch.label_in).subspan(at(2, 0), 2 * segment)));
}

TEST_CASE_METHOD(Fixture, "training: order and lengths are drawn once for a batch, all of them in time",
                 "[sequential]") {
  std::set<std::int64_t> lengths[2];
  int omniglot_first = 0;
  for (std::int64_t number = 0; number < 300; ++number) {
    sampler.sample_for_training(4 * number, 4, batch);
    const std::int64_t kept = first_length(0);
    omniglot_first += batch.task[0] == 0 ? 1 : 0;
    lengths[0].insert(kept);
    lengths[1].insert(batch.length - kept);
    for (std::int64_t e = 0; e < 4; ++e) {
      REQUIRE(batch.task[at(e, 0)] == batch.task[0]);
      REQUIRE(first_length(e) == kept);
      check_segment(e, 0, kept);
      check_segment(e, kept, batch.length);
      check_feeding(e);
    }
  }
  for (const auto& seen : lengths) {
    CHECK(*seen.begin() == segment - options.max_trim);
    CHECK(*seen.rbegin() == segment);
    CHECK(std::ssize(seen) == options.max_trim + 1);
  }
  CHECK(std::abs(omniglot_first - 150) < 45);  // five standard deviations
}

TEST_CASE_METHOD(Fixture, "a training batch is a function of its number, and trimming leaves the beginnings",
                 "[sequential]") {
  sampler.sample_for_training(8, 4, batch);
  EpisodeBatch again;
  sampler.sample_for_training(12, 4, again);
  sampler.sample_for_training(8, 4, again);
  CHECK(again.image == batch.image);
  CHECK(again.length == batch.length);
  CHECK(again.task == batch.task);
  options.max_trim = 0;
  EpisodeBatch whole;
  SequentialSampler(first, second, options, 3, Stream::train_episodes).sample_for_training(8, 4, whole);
  REQUIRE(whole.length == 2 * segment);
  const std::int64_t kept = first_length(1);
  for (std::int64_t t = 0; t < batch.length; ++t) {
    const std::int64_t untrimmed = t < kept ? t : t - kept + segment;
    const auto p = static_cast<std::size_t>(whole.length + untrimmed);
    CHECK(whole.image[p] == batch.image[at(1, t)]);
    CHECK(whole.target[p] == batch.target[at(1, t)]);
  }
}
