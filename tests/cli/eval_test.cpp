// srwm eval, and training and evaluating on episode files.
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "io/hdf5.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

struct Trained {
  Trained() {
    write_small_spec(folder.path());
    REQUIRE(train(folder.path(), "run").exit_code == 0);
  }
  std::string run() const { return (folder.path() / "run").string(); }
  std::string file(const std::string& name) const { return (folder.path() / name).string(); }

  TempFolder folder;
};

}  // namespace

TEST_CASE_METHOD(Trained, "eval repeats the result of the run", "[cli]") {
  const RunResult result = run_srwm({"eval", "--run", run(), "--json", "--threads", "1"});
  REQUIRE(result.exit_code == 0);
  const auto evaluated = nlohmann::json::parse(result.out);
  const auto stored = nlohmann::json::parse(read_file(folder.path() / "run/result.json"));
  CHECK(evaluated.at("accuracy") == stored.at("test").at("accuracy"));
  CHECK(evaluated.at("episodes") == 20);
  CHECK_THAT(run_srwm({"eval", "--run", run(), "--split", "val", "--num-episodes", "8"}).out,
             Contains("val accuracy") && Contains("8 episodes"));
}

TEST_CASE_METHOD(Trained, "a file of the episodes of an evaluation gives its accuracy and logits", "[cli]") {
  const std::string episodes = file("episodes.h5");
  REQUIRE(run_srwm({"eval", "--run", run(), "--predictions", file("drawn.h5")}).exit_code == 0);
  // The generated characters of the spec, as a file of their own.
  REQUIRE(run_srwm({"data", "glyphs", "--out", file("glyphs.h5"), "--train-classes", "12", "--val-classes", "5",
                    "--test-classes", "5", "--images", "4"})
              .exit_code == 0);
  const RunResult written = run_srwm({"data", "episodes", "--dataset", file("glyphs.h5"), "--split", "test", "--n-way",
                                      "3", "--episodes", "20", "--out", episodes});
  INFO(written.err);
  REQUIRE(written.exit_code == 0);
  const RunResult result =
      run_srwm({"eval", "--run", run(), "--episodes-file", episodes, "--predictions", file("stored.h5"), "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const auto drawn = hdf5::File::open(file("drawn.h5")), stored = hdf5::File::open(file("stored.h5"));
  CHECK(stored.shape("/logits") == Shape{20, 3});
  const Tensor a = drawn.read("/logits"), b = stored.read("/logits");
  CHECK(std::ranges::equal(a.span<float>(), b.span<float>()));
}

TEST_CASE_METHOD(Trained, "what cannot be evaluated is refused in words", "[cli]") {
  RunResult result = run_srwm({"eval", "--run", file("nothing")});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("no checkpoint"));
  result = run_srwm({"eval", "--run", run(), "--split", "tset"});
  CHECK(result.exit_code == 2);
  result = run_srwm({"eval", "--run", run(), "--checkpoint", "x.h5"});
  CHECK(result.exit_code == 2);
  result = run_srwm({"eval", "--checkpoint", file("small.json")});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("small.json"));
  result = run_srwm({"eval", "--run", run(), "--episodes-file", run() + "/checkpoints/best.h5"});
  CHECK(result.exit_code == 3);
}
