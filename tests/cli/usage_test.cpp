// What the binary says about itself and to those who mistype.
#include <chrono>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "data/class_dataset.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

TEST_CASE("without a command the binary says how it is used", "[cli]") {
  const RunResult result = run_srwm({});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err + result.out, Contains("--help"));
}

TEST_CASE("help has examples and comes at once", "[cli]") {
  const auto start = std::chrono::steady_clock::now();
  const RunResult result = run_srwm({"--help"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("Examples:") && Contains("train-fewshot") && Contains("eval") && Contains("bench"));
  CHECK(took.count() < 1.0);  // 10 ms here; generous for a busy machine
  for (const char* command : {"train", "train-fewshot", "eval", "config", "data", "bench"}) {
    INFO(command);
    CHECK(run_srwm({command, "--help"}).exit_code == 0);
  }
}

TEST_CASE("unknown commands and options are usage errors", "[cli]") {
  CHECK(run_srwm({"train-fewshot"}).exit_code == 2);
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const RunResult result = run_srwm(arguments);
    CHECK(result.exit_code == 2);
    return result.err;
  };
  CHECK_THAT(refusal({"evl"}), Contains("'evl'") && Contains("eval") && Contains("srwm --help"));
  CHECK_THAT(refusal({"train-fewshot", "--confg", "x"}),
             Contains("--confg") && Contains("--config?") && Contains("srwm train-fewshot --help"));
  CHECK_THAT(refusal({"data", "glyphs", "--outt=x"}), Contains("--out?") && Contains("srwm data glyphs --help"));
  CHECK(run_srwm({"eval"}).exit_code == 2);
}

TEST_CASE("mistakes in a spec are all listed", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path(), R"("optim": {"ratee": 0.1, "beta1": 2})");
  const RunResult result = train(folder.path(), "run");
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("optim.ratee") && Contains("optim.rate") && Contains("optim.beta1"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST_CASE("specs that are not there", "[cli]") {
  TempDir folder;
  RunResult result = run_srwm({"train-fewshot", "--config", (folder.path() / "none.json").string()});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("none.json"));
  result = run_srwm({"train-fewshot", "--config", folder.path().string()});
  CHECK(result.exit_code == 2);
}

TEST_CASE("overrides are checked like the spec", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  CHECK_THAT(train(folder.path(), "run", {"--set", "train.stepz=3"}).err, Contains("train.steps"));
  CHECK(train(folder.path(), "run", {"--set", "train.steps"}).exit_code == 2);
  CHECK(train(folder.path(), "run", {"--set", "train.steps=-1"}).exit_code == 2);
  CHECK(train(folder.path(), "run", {"--threads", "0"}).exit_code == 2);
}

TEST_CASE("values that make no sense are refused before anything is written", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const std::vector<std::vector<std::string>> mistakes{
      {"--seed", "-1"}, {"--max-seconds", "nan"}, {"--max-seconds", "0"}, {"--init-from", ""}, {"--data-dir", ""}};
  for (const auto& mistake : mistakes) {
    CAPTURE(mistake);
    const RunResult result = train(folder.path(), "run", mistake);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains(mistake.front()));
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST_CASE("devices that are not there", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  // Whether this srwm has a CUDA library, and this machine a GPU, is not known here.
  RunResult result = train(folder.path(), "run", {"--device", "cuda:99"});
  CHECK(result.exit_code == 4);
  CHECK_THAT(result.err, Contains("has no CUDA library") || Contains("No GPU can be used") || Contains("no GPU 99"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
  CHECK(train(folder.path(), "run", {"--device", "gpu"}).exit_code == 2);
  CHECK(train(folder.path(), "run", {"--device", "cudax"}).exit_code == 2);
}

TEST_CASE("datasets that are missing or something else", "[cli]") {
  TempDir folder;
  write_text(folder.path() / "page.h5", "<!DOCTYPE html><html>Not found</html>");
  const std::string config = write_small_spec(folder.path()).string();
  const auto with = [&](const std::string& dataset) {
    write_text(config, R"({"name": "x", "data": {"dataset": ")" + dataset + R"("}})");
    return train(folder.path(), "run", {"--data-dir", folder.path().string()});
  };
  RunResult result = with("omniglot28");
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("omniglot28") && Contains("pack_omniglot.py"));
  result = with("page");
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("page.h5"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST_CASE("every dataset that a spec of ours names is one that a script packs", "[cli]") {
  const std::filesystem::path source = SRWM_SOURCE_DIR;
  const std::string page = read_file(source / "docs/spec.md"), mark = "```json\n";
  const std::size_t begin = page.find(mark) + mark.size();
  std::vector<nlohmann::json> specs{nlohmann::json::parse(page.substr(begin, page.find("```", begin) - begin))};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source / "experiments")) {
    if (entry.path().extension() == ".json") specs.push_back(nlohmann::json::parse(read_file(entry.path())));
  }
  std::set<std::string> names;
  for (const nlohmann::json& spec : specs) {
    const nlohmann::json data = spec.value("data", nlohmann::json::object());
    for (const char* key : {"dataset", "second_dataset"}) names.insert(data.value(key, "glyphs"));
  }
  CHECK(names.contains("omniglot28"));
  names.erase("glyphs");
  for (const std::string& name : names) {
    CHECK_THROWS_WITH(find_dataset(name, "/nowhere"), Contains("packs it (docs/data.md)."));
  }
}

TEST_CASE("a dry run describes and writes nothing", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const RunResult result = train(folder.path(), "run", {"--dry-run"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("layers.0.W_y") && Contains("parameters") && Contains("memory"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST_CASE("a dry run takes the longest episodes: all ways, nothing trimmed", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const auto dry_run = [&](const std::string& protocol) {
    return train(folder.path(), "run", {"--dry-run", "--set", "protocol=" + protocol}).out;
  };
  CHECK_THAT(dry_run(R"({"kind": "sequential", "k_shot": 2, "max_trim": 5})"), Contains("episodes of 12 images"));
  CHECK_THAT(dry_run(R"({"k_shot": 2, "first_ways": 2, "ways_steps": 9})"), Contains("episodes of 7 images"));
}

TEST_CASE("bench prints JSON with the machine's peaks", "[cli]") {
  const RunResult result = run_srwm({"bench", "--suite", "data", "--seconds", "0.05", "--json", "--threads", "1"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("fp32_peak_gflops") && Contains("drawing and staging it") && Contains("gb_per_s"));
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json.at("threads") == 1);
  CHECK(json.at("data_digest").is_string());
  CHECK(json.at("libraries").contains("blas"));
  CHECK(json.at("spec").at("name") == "bench");
}
