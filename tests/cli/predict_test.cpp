// srwm predict with a model that the binary has trained.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "core/tensor.h"
#include "data/class_dataset.h"
#include "data/glyphs.h"
#include "io/png.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// A trained run, and drawings of three characters that it has not seen as PNG files: two of each in support/, the rest
/// in query/, named after their character.
struct TrainedRun {
  TempDir folder;
  static constexpr int classes = 3;

  explicit TrainedRun(const std::string& more = "") {
    write_small_spec(folder.path(), more);
    REQUIRE(train(folder.path(), "run").exit_code == 0);
    const ClassDataset glyphs =
        make_glyphs({.train_classes = 12, .val_classes = 5, .test_classes = 5, .images_per_class = 4}, 1);
    for (int label = 0; label < classes; ++label) {
      const std::string name(1, static_cast<char>('a' + label));
      for (std::size_t i = 0; i < 4; ++i) {
        const std::filesystem::path place = i < 2 ? folder / "support" / name : folder / "query";
        std::filesystem::create_directories(place);
        const std::int64_t image = glyphs.test.members[static_cast<std::size_t>(label)][i];
        const Tensor pixels = glyphs.test.images.rows(image, image + 1).reshaped({28, 28, 1});
        write_png(pixels, place / fmt::format("{}{}.png", name, i));
      }
    }
  }

  RunResult predict(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"predict",
                                   "--run",
                                   (folder / "run").string(),
                                   "--support",
                                   (folder / "support").string(),
                                   "--query",
                                   (folder / "query").string(),
                                   "--threads",
                                   "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_srwm(words);
  }
  nlohmann::json answers(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const RunResult result = predict(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out);
  }
};

}  // namespace

TEST_CASE_METHOD(TrainedRun, "labels come with probabilities", "[cli]") {
  const auto object = answers();
  CHECK(object.at("support") == nlohmann::json({{"a", 2}, {"b", 2}, {"c", 2}}));
  REQUIRE(object.at("queries").size() == 6);
  for (const auto& query : object.at("queries")) {
    double sum = 0, largest = 0;
    for (const auto& [name, probability] : query.at("probabilities").items()) {
      sum += probability.get<double>();
      largest = std::max(largest, probability.get<double>());
    }
    CHECK(sum == Approx(1));
    CHECK(query.at("probabilities").at(query.at("answer").get<std::string>()) == largest);
  }
  CHECK_THAT(object.at("remarks").at(0).get<std::string>(),
             Contains("trained with 1 picture of each class; here are 2"));
  CHECK(object.at("queries").at(0).at("query") == (folder / "query/a2.png").string());
}

TEST_CASE_METHOD(TrainedRun, "an answer does not depend on the other queries, but on the order of the support",
                 "[cli]") {
  const auto all = answers().at("queries");
  const RunResult one =
      run_srwm({"predict", "--run", (folder / "run").string(), "--support", (folder / "support").string(), "--query",
                (folder / "query/b3.png").string(), "--format", "json", "--threads", "1"});
  REQUIRE(one.exit_code == 0);
  const auto alone = nlohmann::json::parse(one.out).at("queries").at(0), among = all.at(3);
  REQUIRE(among.at("query") == alone.at("query"));
  for (const char* name : {"a", "b", "c"}) {
    CHECK(alone.at("probabilities").at(name).get<double>() ==
          Approx(among.at("probabilities").at(name).get<double>()).epsilon(1e-4));
  }
  CHECK(answers({"--order-seed", "1"}).at("queries") != all);
  CHECK(answers({"--invert"}).at("queries") != all);
}

TEST_CASE("the protocol delayed is asked as it was trained", "[cli]") {
  const TrainedRun run(R"("seed": 3)");
  write_small_spec(run.folder.path());
  REQUIRE(
      train(run.folder.path(), "delayed", {"--set", "protocol.kind=delayed", "--set", "protocol.k_shot=2"}).exit_code ==
      0);
  const RunResult result =
      run_srwm({"predict", "--run", (run.folder / "delayed").string(), "--support", (run.folder / "support").string(),
                "--query", (run.folder / "query").string(), "--format", "json", "--threads", "1"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(nlohmann::json::parse(result.out).at("queries").size() == 6);
  CHECK(nlohmann::json::parse(result.out).at("remarks").empty());
}

TEST_CASE_METHOD(TrainedRun, "answers as a table, as CSV and as a picture", "[cli]") {
  const RunResult table = predict({"--picture", (folder / "answers.png").string()});
  REQUIRE(table.exit_code == 0);
  CHECK_THAT(table.out, Contains("query") && Contains("probability") && Contains("a2.png"));
  CHECK_THAT(table.err, Contains("warning: The model was trained with 1 picture"));
  const std::string csv = predict({"--format", "csv"}).out;
  CHECK_THAT(csv, Catch::Matchers::StartsWith("query,answer,a,b,c\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  const Tensor picture = read_png(folder / "answers.png");
  CHECK(picture.dim(2) == 3);
  // Six queries side by side, three rows of support above one of them: images of 84 pixels in frames of 4, 6 between.
  CHECK(picture.dim(1) == 6 + 6 * (84 + 8 + 6));
  CHECK(picture.dim(0) == 6 + 3 * (84 + 8 + 6) + 12 + 84 + 8 + 6 + 10);
}

TEST_CASE_METHOD(TrainedRun, "what cannot be asked", "[cli]") {
  std::filesystem::create_directory(folder / "support/empty");  // a folder without pictures is no class
  CHECK(predict().exit_code == 0);
  std::filesystem::rename(folder / "support/c", folder / "c");
  const RunResult two = predict();
  CHECK(two.exit_code == 2);
  CHECK_THAT(two.err, Contains("tells 3 classes apart") && Contains("has 2 folders with PNG pictures. Give it 3."));
  std::filesystem::rename(folder / "c", folder / "support/c");
  write_text(folder / "query/odd.png", "GIF89a");
  const RunResult odd = predict();
  CHECK(odd.exit_code == 3);
  CHECK_THAT(odd.err, Contains("odd.png is no whole PNG picture") && Contains("pack_folder.py"));
}
