#include "run/state.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "run/checkpoint.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

const std::vector<double> returns{0.5, -1e300};

State sample() {
  State state;
  const StateWriter writer(state);
  writer.integer("choices", std::int64_t{1} << 60);
  writer.integers("versions", std::vector<std::int64_t>{3, -4});
  const StateWriter envs = writer.section("envs");
  envs.bytes("1", std::string("a\0b", 3));
  envs.bytes("0", std::string());
  envs.reals("returns", returns);
  envs.section("inner").real("lag", 0.25);
  writer.tensor("core", Tensor::owning({2, 3}, DType::f32));
  return state;
}

/// The same state after a way through a file.
Checkpoint read_back(const TempDir& dir, State state) {
  Checkpoint checkpoint;
  checkpoint.model = {{"w", Tensor::owning({1}, DType::f32)}};
  checkpoint.state = std::move(state);
  save_checkpoint(dir / "a.h5", checkpoint);
  return load_checkpoint(dir / "a.h5");
}

}  // namespace

TEST_CASE("a state comes back from a checkpoint as it was written", "[state]") {
  const TempDir dir;
  const Checkpoint checkpoint = read_back(dir, sample());
  const StateReader reader = checkpoint.state_reader();
  CHECK(reader.integer("choices") == std::int64_t{1} << 60);
  CHECK(reader.integers("versions")[1] == -4);
  CHECK(reader.section("envs").text("1") == std::string("a\0b", 3));
  CHECK(reader.section("envs").bytes("0").empty());
  CHECK(std::ranges::equal(reader.section("envs").reals("returns"), returns));
  CHECK(reader.section("envs").section("inner").real("lag") == 0.25);
  CHECK(reader.tensor("core", {2, 3}, DType::f32).span<float>()[5] == 0);
  CHECK(reader.has("envs"));
  CHECK(reader.has("choices"));
  CHECK_FALSE(reader.has("env"));
  CHECK(reader.section("env").empty());
}

TEST_CASE("the order in which a state is written does not change the bytes of a checkpoint", "[state]") {
  Checkpoint first, second;
  StateWriter(first.state).integer("a", 1);
  StateWriter(first.state).section("s").real("b", 2);
  StateWriter(second.state).section("s").real("b", 2);
  StateWriter(second.state).integer("a", 1);
  CHECK(checkpoint_image(first) == checkpoint_image(second));
  StateWriter(second.state).integer("c", 1);
  CHECK(checkpoint_image(first) != checkpoint_image(second));
}

TEST_CASE("what a state lacks, or holds in another form, is named together with the file", "[state]") {
  const TempDir dir;
  const Checkpoint checkpoint = read_back(dir, sample());
  const StateReader reader = checkpoint.state_reader();
  const std::string file = (dir / "a.h5").string() + ": ";
  CHECK_THROWS_WITH(reader.section("envs").bytes("2"), Contains(file + "the checkpoint has no /state/envs/2"));
  CHECK_THROWS_WITH(reader.integer("versions"), Contains(file + "/state/versions is 2 integers; expected 1 integer"));
  CHECK_THROWS_WITH(reader.reals("choices"), Contains("is 1 integers; expected real numbers"));
  CHECK_THROWS_WITH(reader.section("envs").real("returns"), Contains("is f64 [2]; expected 1 real number"));
  CHECK_THROWS_WITH(reader.bytes("core"), Contains("is f32 [2, 3]; expected bytes"));
  CHECK_THROWS_WITH(reader.tensor("core", {3, 2}, DType::f32), Contains("is f32 [2, 3]; expected f32 [3, 2]"));
  Context context(cpu_backend(), DType::f32, 1, 1);
  CHECK_THROWS_AS(reader.restore(context, "core", Tensor::owning({6}, DType::f32)), DataError);
  CHECK_THROWS_AS(reader.integers("envs"), DataError);
}

TEST_CASE("names of a state that are used twice or cannot be names of a file are bugs", "[state]") {
  State state;
  const StateWriter writer(state);
  writer.integer("a", 1);
  CHECK_THROWS_AS(writer.integer("a", 1), InternalError);
  for (const char* name : {"", "a/b", ".", "..", "a b"}) CHECK_THROWS_AS(writer.integer(name, 1), InternalError);
}
