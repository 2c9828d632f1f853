// What actors write: rows that continue each other, with the state that belongs to their first step.
#include <thread>

#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "rl/rl_fixture.h"
#include "tasks/rl/actor.h"
#include "tasks/rl/learner.h"
#include "tasks/rl/unroll_queue.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("the last step of an unroll is the first of the next, and frames stand where they belong", "[rl]") {
  const RlSpec spec = small_rl_spec();
  Context context(cpu_backend(), DType::f32, 1, 7);
  EnvGroup group(context, EnvLibrary::open(SRWM_GAMES), training_request(spec, 0, 6));
  const RlLearner learner(context, spec, group.frame(), group.actions());
  UnrollRing ring(context, learner.agent(), group.frame(), 5, 6, 4, 2);
  CHECK(ring.rows() % 12 == 0);
  Actor actor(context, learner.agent(), group, ring, 0, true);
  EpisodeFigures figures(2);
  actor.unroll(context, 0, figures);
  const std::vector<Tensor>& state = actor.policy().state();
  REQUIRE(state.size() > 0);
  const Tensor after = Tensor::of<float>(state[0].shape(), state[0].span<float>());
  actor.unroll(context, 6, figures);
  const UnrollRows one = ring.at(0, 6), two = ring.at(6, 6);
  const std::int64_t frame = group.frame().bytes();
  for (std::int64_t n = 0; n < 6; ++n) {
    const auto* last = one.frames.data<std::uint8_t>() + (n * 6 + 5) * frame;
    const auto* first = two.frames.data<std::uint8_t>() + n * 6 * frame;
    CHECK(std::equal(last, last + frame, first));
    CHECK(one.rewards.data<float>()[n * 6 + 5] == two.rewards.data<float>()[n * 6]);
    CHECK(one.is_first.data<std::uint8_t>()[n * 6] == 1);  // the run begins with an episode
  }
  CHECK(std::ranges::equal(two.state.at(0).value().span<float>(), after.span<float>()));
  CHECK(std::ranges::all_of(one.state.at(0).value().span<float>(), [](float x) { return x == 0; }));
}

TEST_CASE("a wait for unrolls can be ended", "[rl]") {
  const RlSpec spec = small_rl_spec();
  Context context(cpu_backend(), DType::f32, 1, 7);
  EnvGroup group(context, EnvLibrary::open(SRWM_GAMES), training_request(spec, 0, 6));
  const RlLearner learner(context, spec, group.frame(), group.actions());
  const UnrollRing ring(context, learner.agent(), group.frame(), 5, 6, 4, 2);
  UnrollQueue queue(ring);
  int asked = 0;
  CHECK(queue.wait_for_batch([&] { return ++asked < 3; }) == UnrollQueue::Wait::ended);
  CHECK(asked == 3);
}

TEST_CASE("a queue of unrolls holds writers and readers back, and lets go when it is closed", "[rl]") {
  const RlSpec spec = small_rl_spec();
  Context context(cpu_backend(), DType::f32, 1, 7);
  EnvGroup group(context, EnvLibrary::open(SRWM_GAMES), training_request(spec, 0, 6));
  const RlLearner learner(context, spec, group.frame(), group.actions());
  const UnrollRing ring(context, learner.agent(), group.frame(), 5, 6, 4, 2);
  UnrollQueue queue(ring);
  std::int64_t written = 0, read = 0;
  bool in_order = true;  // Catch2 checks in one thread only
  std::thread writer([&] {
    while (const auto row = queue.room()) {
      in_order = in_order && *row == written;
      written += 6;
      queue.written();
    }
  });
  for (int batch = 0; batch < 100; ++batch) {
    REQUIRE(queue.wait_for_batch([] { return true; }) == UnrollQueue::Wait::arrived);
    REQUIRE(queue.tail() == read);
    read += 4;
    queue.read();
  }
  queue.close();
  writer.join();
  CHECK(in_order);
  CHECK(written - read <= ring.rows());
  CHECK(queue.wait_for_batch([] { return true; }) == UnrollQueue::Wait::closed);
}
