#include <functional>

#include <catch2/catch.hpp>

#include "data/sampler.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

EpisodeFile make_episodes(Protocol protocol) {
  EpisodeFile episodes;
  episodes.protocol = protocol;
  episodes.n_way = 2;
  episodes.k_shot = 1;
  const std::vector<std::int32_t> sync{0, 1, 1, 1, 0, 0}, delayed{0, 1, 1, 0};
  episodes.labels =
      protocol == Protocol::sync ? Tensor::of<std::int32_t>({2, 3}, sync) : Tensor::of<std::int32_t>({2, 2}, delayed);
  episodes.images = Tensor::owning({episodes.labels.numel(), 3, 3, 1}, DType::u8);
  for (std::int64_t i = 0; i < episodes.images.numel(); ++i)
    episodes.images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i);
  return episodes;
}

}  // namespace

TEST_CASE("episode files are read back as they were written", "[episode_file]") {
  const TempDir dir;
  for (const Protocol protocol : {Protocol::sync, Protocol::delayed}) {
    const EpisodeFile episodes = make_episodes(protocol);
    write_episode_file(episodes, dir.path() / "e.h5", "test");
    const EpisodeFile read = read_episode_file(dir.path() / "e.h5");
    CHECK(read.protocol == protocol);
    CHECK(read.n_way == 2);
    CHECK(read.k_shot == 1);
    CHECK(read.images.shape() == episodes.images.shape());
    CHECK(std::ranges::equal(read.images.span<std::uint8_t>(), episodes.images.span<std::uint8_t>()));
    CHECK(std::ranges::equal(read.labels.span<std::int32_t>(), episodes.labels.span<std::int32_t>()));
    CHECK(read.digest.size() == 32);
  }
}

TEST_CASE("episodes of a file become batches, from the first again after the last", "[episode_file]") {
  EpisodeBatch batch;
  make_episodes(Protocol::sync).batch(3, 2, batch);
  CHECK(batch.queries == 1);
  CHECK(batch.image == std::vector<std::int32_t>{3, 4, 5, 0, 1, 2});
  CHECK(batch.label_in == std::vector<std::int32_t>{1, 0, 0, 0, 1, 0});
  CHECK(batch.target == std::vector<std::int32_t>{-1, -1, 0, -1, -1, 1});
  CHECK(batch.rotation == std::vector<std::uint8_t>(6, 0));
  make_episodes(Protocol::delayed).batch(0, 2, batch);
  CHECK(batch.queries == 0);
  CHECK(batch.image == std::vector<std::int32_t>{0, 1, 2, 3});
  CHECK(batch.label_in == std::vector<std::int32_t>{0, 0, 0, 1});
  CHECK(batch.target == std::vector<std::int32_t>{0, 1, 1, 0});
}

TEST_CASE("each fault of an episode file is named", "[episode_file]") {
  const TempDir dir;
  const auto message = [&](const std::function<void(EpisodeFile&)>& spoil) -> std::string {
    EpisodeFile episodes = make_episodes(Protocol::sync);
    spoil(episodes);
    write_episode_file(episodes, dir.path() / "e.h5", "test");
    try {
      read_episode_file(dir.path() / "e.h5");
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(message([](EpisodeFile&) {}) == "no error");
  CHECK_THAT(message([](EpisodeFile& e) { e.k_shot = 2; }),
             Contains("has 3 images; expected 2 way(s), 2 shot(s) and a query") || Contains("expected 5"));
  CHECK_THAT(message([](EpisodeFile& e) { e.protocol = Protocol::delayed; }), Contains("has 3 images; expected 2 of"));
  CHECK_THAT(message([](EpisodeFile& e) { e.labels.data<std::int32_t>()[4] = 2; }),
             Contains("has a 2 in episode 1; expected 0 to 1"));
  CHECK_THAT(message([](EpisodeFile& e) {
               e.images = Tensor::owning({6, 3, 3, 1}, DType::f32);
             }),
             Contains("expected u8 [E, T, H, W, C]"));
  CHECK_THAT(message([](EpisodeFile& e) {
               e.labels = Tensor::owning({2, 3}, DType::f32);
             }),
             Contains("/labels is f32"));

  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "episodes", 1, "test");
  file.set_attribute("/", "protocol", std::string("late"));
  write_file_atomically(dir.path() / "p.h5", file.image());
  CHECK_THROWS_WITH(read_episode_file(dir.path() / "p.h5"), Contains("'late'; expected 'sync' or 'delayed'"));
}
