// srwm eval, and training and evaluating on episode files.
#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "io/hdf5.h"
#include "run/checkpoint.h"

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

  TempDir folder;
};

}  // namespace

TEST_CASE_METHOD(Trained, "eval repeats the result of the run", "[cli]") {
  const RunResult result = run_srwm({"eval", "--run", run(), "--json", "--threads", "1"});
  REQUIRE(result.exit_code == 0);
  const auto evaluated = nlohmann::json::parse(result.out);
  const auto stored = nlohmann::json::parse(read_file(folder.path() / "run/result.json"));
  CHECK(evaluated.at("accuracy") == stored.at("test").at("accuracy"));
  CHECK(evaluated.at("episodes") == 20);
  for (const char* part : {"commit", "dirty", "device", "simd", "data_digest", "libraries", "spec"}) {
    CAPTURE(part);
    CHECK(evaluated.at(part) == stored.at(part));
  }
  CHECK_THAT(run_srwm({"eval", "--run", run(), "--split", "val", "--num-episodes", "8"}).out,
             Contains("val accuracy") && Contains("8 episodes"));
}

TEST_CASE_METHOD(Trained, "a checkpoint that does not say on what data it was trained is evaluated", "[cli]") {
  Checkpoint converted = load_checkpoint(folder.path() / "run/checkpoints/best.h5");
  converted.data_digest = "";  // as data_scripts/convert_torch_checkpoint.py writes it
  save_checkpoint(folder.path() / "converted.h5", converted);
  const RunResult result = run_srwm({"eval", "--checkpoint", file("converted.h5"), "--json", "--threads", "1"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const auto stored = nlohmann::json::parse(read_file(folder.path() / "run/result.json"));
  CHECK(nlohmann::json::parse(result.out).at("accuracy") == stored.at("test").at("accuracy"));
}

TEST_CASE_METHOD(Trained, "a model whose numbers are not finite, or become so, has no accuracy", "[cli]") {
  Checkpoint checkpoint = load_checkpoint(folder.path() / "run/checkpoints/best.h5");
  const auto change = [&](float value) {
    for (NamedTensor& entry : checkpoint.model) {
      if (entry.name == "out_layer.weight") std::ranges::fill(entry.tensor.span<float>(), value);
    }
    save_checkpoint(folder.path() / "bad.h5", checkpoint);
  };
  change(std::numeric_limits<float>::quiet_NaN());
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"eval", "--checkpoint", file("bad.h5")},
                                             train_arguments(folder.path(), "new", {"--init-from", file("bad.h5")})}) {
    const RunResult refused = run_srwm(command);
    CHECK(refused.exit_code == 5);
    CHECK_THAT(refused.err, Contains("the model's tensor out_layer.weight"));
    CHECK(refused.out.empty());
  }
  CHECK_THAT(run_srwm({"data", "inspect", file("bad.h5")}).out, Contains("of them are not finite"));
  change(3e38f);
  const RunResult overflow = run_srwm({"eval", "--checkpoint", file("bad.h5"), "--predictions", file("p.h5")});
  CHECK(overflow.exit_code == 5);
  CHECK_THAT(overflow.err,
             Contains("episodes 1 to 2 of the evaluation is not finite; the first bad tensor is output 0 of"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "p.h5"));
}

TEST_CASE("a dataset named by its path may be moved: its content decides", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const auto make_dataset = [&](const std::string& name, const char* seed) {
    REQUIRE(run_srwm({"data", "glyphs", "--out", (folder / name).string(), "--images", "4", "--seed", seed,
                      "--train-classes", "12", "--val-classes", "5", "--test-classes", "5"})
                .exit_code == 0);
  };
  const auto train_on = [&](const std::string& dataset, std::vector<std::string> more) {
    more.insert(more.end(), {"--set", "data={\"dataset\": \"" + dataset + "\"}"});
    return train(folder.path(), "run", more);
  };
  std::filesystem::create_directory(folder / "new");
  make_dataset("mine.h5", "1");
  const std::string before = (folder / "mine.h5").string(), after = (folder / "new/mine.h5").string();
  const std::string run = (folder / "run").string(), moved_to = (folder / "new").string();
  REQUIRE(train_on(before, {"--set", "train.steps=8"}).exit_code == 0);
  std::filesystem::rename(before, after);
  const RunResult evaluated = run_srwm({"eval", "--run", run, "--data-dir", moved_to});
  INFO(evaluated.err);
  CHECK(evaluated.exit_code == 0);
  CHECK(run_srwm({"eval", "--run", run}).exit_code == 3);
  CHECK_THAT(train_on(after, {"--set", "train.steps=8", "--resume"}).out, Contains("This run is complete"));
  CHECK(train_on(after, {"--resume"}).exit_code == 0);
  make_dataset("new/mine.h5", "2");
  const RunResult other = train_on(after, {"--resume", "--set", "train.steps=40"});
  CHECK(other.exit_code == 3);
  CHECK_THAT(other.err, Contains("the files differ"));
}

TEST_CASE("eval of sequences gives the series of the run, as JSON and as a table", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const std::string run = (folder.path() / "run").string();
  REQUIRE(train(folder.path(), "run", {"--set", "protocol={\"kind\": \"delayed\", \"k_shot\": 2}"}).exit_code == 0);
  const auto evaluated = nlohmann::json::parse(run_srwm({"eval", "--run", run, "--json", "--threads", "1"}).out);
  const auto test = nlohmann::json::parse(read_file(folder.path() / "run/result.json")).at("test");
  CHECK(test.at("accuracy_by_position").size() == 6);
  CHECK(test.at("accuracy_by_shot").size() == 2);
  for (const auto& [key, value] : test.items()) {
    CAPTURE(key);
    CHECK(evaluated.at(key) == value);
  }
  CHECK_THAT(run_srwm({"eval", "--run", run}).out,
             Contains("n-th image of its class:\n    1-2 ") && Contains("each position:\n    1-5 "));
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
  result = run_srwm({"eval", "--run", run(), "--episodes-file", ""});
  CHECK(result.exit_code == 2);
  result = run_srwm({"eval", "--checkpoint", file("small.json")});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("small.json"));
  result = run_srwm({"eval", "--run", run(), "--episodes-file", run() + "/checkpoints/best.h5"});
  CHECK(result.exit_code == 3);
}

TEST_CASE_METHOD(Trained, "episode files that do not fit are refused in words", "[cli]") {
  const auto write_and_evaluate = [&](const std::vector<std::string>& glyphs, const std::vector<std::string>& episodes,
                                      const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"data", "glyphs", "--out", file("g.h5"), "--train-classes", "5"};
    arguments.insert(arguments.end(), glyphs.begin(), glyphs.end());
    REQUIRE(run_srwm(arguments).exit_code == 0);
    arguments = {"data", "episodes", "--dataset", file("g.h5"), "--episodes", "4", "--out", file("e.h5")};
    arguments.insert(arguments.end(), episodes.begin(), episodes.end());
    REQUIRE(run_srwm(arguments).exit_code == 0);
    arguments = {"eval", "--run", run(), "--episodes-file", file("e.h5")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_srwm(arguments);
  };
  const std::vector<std::string> small{"--val-classes", "5", "--test-classes", "5", "--images", "4"};
  RunResult result = write_and_evaluate(small, {"--n-way", "4"}, {});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("4-way") && Contains("3-way"));
  result = write_and_evaluate(small, {"--n-way", "3", "--protocol", "delayed"}, {});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("delayed") && Contains("sync"));
  result = write_and_evaluate(small, {"--n-way", "3"}, {"--num-episodes", "5"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("4 episodes"));
  std::vector<std::string> large = small;
  large.insert(large.end(), {"--size", "84"});
  result = write_and_evaluate(large, {"--n-way", "3"}, {});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("images of another size"));
}

TEST_CASE("a run without test episodes is evaluated on as many as are asked for", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const std::string run = (folder.path() / "run").string(), out = (folder.path() / "p.h5").string();
  REQUIRE(train(folder.path(), "run", {"--set", "test.episodes=0"}).exit_code == 0);
  const RunResult result = run_srwm({"eval", "--run", run, "--predictions", out});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("--num-episodes"));
  CHECK(run_srwm({"eval", "--run", run, "--predictions", out, "--num-episodes", "3", "--batch", "7"}).exit_code == 0);
  CHECK(hdf5::File::open(out).shape("/logits") == Shape{3, 3});
}

TEST_CASE("a model is not evaluated on other classes than it was trained beside", "[cli]") {
  TempDir folder;
  const auto write_glyphs = [&](const char* seed) {
    return run_srwm({"data", "glyphs", "--out", (folder.path() / "g.h5").string(), "--train-classes", "12",
                     "--val-classes", "5", "--test-classes", "5", "--images", "4", "--seed", seed})
        .exit_code;
  };
  REQUIRE(write_glyphs("1") == 0);
  write_text(folder.path() / "small.json", R"({"name": "small", "data": {"dataset": "g"}, "protocol": {"n_way": 3},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16}},
    "train": {"steps": 2, "batch": 2}, "validation": {"every": 0}, "test": {"episodes": 4}})");
  const std::string data = folder.path().string(), run = (folder.path() / "run").string();
  REQUIRE(train(folder.path(), "run", {"--data-dir", data}).exit_code == 0);
  CHECK(run_srwm({"eval", "--run", run, "--data-dir", data}).exit_code == 0);
  CHECK(run_srwm({"eval", "--run", run}).exit_code == 0);  // the run folder says where the data was
  CHECK(run_srwm({"eval", "--checkpoint", run + "/checkpoints/best.h5"}).exit_code == 3);  // no validation, no best
  CHECK(run_srwm({"eval", "--checkpoint", run + "/checkpoints/latest.h5"}).exit_code == 0);
  REQUIRE(write_glyphs("2") == 0);
  const RunResult result = run_srwm({"eval", "--run", run, "--data-dir", data});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("digest"));
}

TEST_CASE("eval asks a learning rule how it takes what is new", "[cli]") {
  TempDir folder;
  const std::string spec = (folder / "sgd.json").string();
  write_text(spec, R"({"task": "vsml", "name": "sgd", "model": {"kind": "sgd"},
    "data": {"glyph_classes": 3, "glyphs": {"train_classes": 4, "val_classes": 4, "test_classes": 4, "images_per_class": 4}},
    "validation": {"datasets": ["glyphs"], "sizes": [4]},
    "test": {"datasets": ["glyphs"], "sizes": [4], "length": 12, "episodes": 2}})");
  const RunResult half = run_srwm({"eval", "--config", spec, "--probes", "--json"});
  INFO(half.err);
  REQUIRE(half.exit_code == 0);
  const auto json = nlohmann::json::parse(half.out);
  CHECK(json.at("probes").at("step") == 6);
  CHECK(json.at("probes").at("datasets").at(0).at("swap").at("accuracy").size() == 12);
  CHECK_FALSE(json.contains("accuracy"));
  CHECK_THAT(run_srwm({"eval", "--config", spec, "--probes", "--probe-step", "3"}).out,
             Contains("the new class and the other labels from image 4 on"));
  CHECK(run_srwm({"eval", "--config", spec, "--probe-step", "3"}).exit_code == 2);
}
