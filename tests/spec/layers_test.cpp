// Specs that extend others: which value holds, what is left out, where each is from, and what is refused.
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "support/temp_dir.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/task_table.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

constexpr const char* base_text = R"({
  "name": "base", "comment": "of the base", "seed": 4,
  "figures": {"published": 0.5, "source": "a paper"},
  "model": {"core": {"layers": 3, "heads": 4, "hidden": 64}},
  "train": {"steps": 70, "batch": 3}
})";

struct SpecFiles {
  TempDir folder;

  SpecFiles() { write("base.json", base_text); }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  ExperimentSpec load(const std::string& rest, const std::vector<std::string>& overrides = {}) const {
    return load_spec(write("my.json", R"({"extends": "base.json", "name": "mine", )" + rest + "}"), overrides);
  }
};

}  // namespace

TEST_CASE("a spec changes the one that it extends") {
  const SpecFiles files;
  SECTION("key by key") {
    const ExperimentSpec spec = files.load(R"("train": {"steps": 5})");
    CHECK(spec.name == "mine");
    CHECK(spec.train.steps == 5);
    CHECK(spec.train.batch == 3);
    CHECK(spec.model.core.layers == 3);
    CHECK(spec.seed == 4);
  }
  SECTION("--set lies on top") {
    CHECK(files.load(R"("train": {"steps": 5})", {"train.steps=6"}).train.steps == 6);
  }
  SECTION("null puts keys and groups back to their default") {
    CHECK(files.load(R"("train": {"steps": null})").train.steps == TrainSpec().steps);
    const ExperimentSpec spec = files.load(R"("train": null, "seed": null)");
    CHECK(spec.train.batch == TrainSpec().batch);
    CHECK(spec.seed == 1);
  }
  SECTION("what describes the base is not inherited") {
    const ExperimentSpec spec = files.load(R"("seed": 1)");
    CHECK(spec.comment.empty());
    CHECK_FALSE(spec.figures.published.has_value());
    const std::filesystem::path nameless = files.write("nameless.json", R"({"extends": "base.json"})");
    CHECK_THROWS_WITH(load_spec(nameless),
                      Contains("nameless.json is not a valid spec") && Contains("name: is missing"));
  }
  SECTION("what the base says and loses its meaning is left out") {
    const ExperimentSpec spec = files.load(R"("model": {"core": {"kind": "lstm"}})");
    CHECK(spec.model.core.heads == CoreOptions().heads);
    CHECK(spec.model.core.hidden == 64);
    CHECK_THROWS_WITH(files.load(R"("model": {"core": {"kind": "lstm", "heads": 4}})"),
                      Contains("line 1: model.core.heads: has a meaning only if"));
  }
  SECTION("the resolved spec stands alone") {
    const std::string resolved = to_json(files.load(R"("train": {"steps": 5})"));
    CHECK_THAT(resolved, !Contains("extends"));
    CHECK(to_json(parse_spec_text(resolved, "again")) == resolved);
  }
}

TEST_CASE("specs are extended over several files, each with paths that count from its own folder") {
  const SpecFiles files;
  files.write("deep/middle.json",
              R"({"extends": "../base.json", "name": "middle", "train": {"batch": 8, "steps": 9}})");
  const auto top =
      files.write("deep/er/top.json", R"({"extends": "../middle.json", "name": "top", "train": {"steps": 10}})");
  const ExperimentSpec spec = load_spec(top);
  CHECK(spec.train.steps == 10);
  CHECK(spec.train.batch == 8);
  CHECK(spec.model.core.layers == 3);
}

TEST_CASE("a spec may extend the result of a run") {
  const SpecFiles files;
  files.write("base.json", R"({"commit": "x", "spec": {"name": "ran", "train": {"steps": 12}}})");
  CHECK(files.load(R"("seed": 3)").train.steps == 12);
}

TEST_CASE("a spec extends one of another task only if its keys are known there") {
  const SpecFiles files;
  const auto agent = files.write("agent.json", R"({"extends": "base.json", "name": "a", "task": "rl"})");
  CHECK_THROWS_WITH(load_any_spec(agent),
                    Contains("base.json line 5: model.core.hidden") || Contains("There is no such key"));
}

TEST_CASE("each value's origin is a file with its line, --set or the default") {
  const SpecFiles files;
  const auto path = files.write("my.json", "{\"extends\": \"base.json\",\n\"name\": \"mine\",\n\"seed\": null}");
  SpecOrigins origins;
  const std::vector<std::string> overrides = {"train.steps=6"};
  const std::unique_ptr<AnySpec> spec = load_any_spec(path, overrides, &origins);
  CHECK(origins["name"] == path.string() + " line 2");
  CHECK(origins["train.batch"] == (files.folder / "base.json").string() + " line 5");
  CHECK(origins["train.steps"] == "--set train.steps=6");
  CHECK_FALSE(origins.contains("seed"));
  const std::string text = to_text(*spec, origins);
  CHECK_THAT(text, Contains("\nseed ") && Contains("  default\n") && Contains("  --set train.steps=6\n"));
  std::size_t lines = 0, keys = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const Field& field : spec->keys().fields()) keys += field.applies(*spec) ? 1 : 0;
  CHECK(lines == keys);
}

TEST_CASE("files that extend wrongly") {
  const SpecFiles files;
  const auto refusal = [](const std::filesystem::path& path) {
    try {
      load_spec(path);
    } catch (const SpecError& error) {
      return std::string(error.what());
    }
    return std::string("valid");
  };
  SECTION("a cycle is told with its chain, not with what leads to it") {
    files.write("a.json", R"({"extends": "b.json", "name": "a"})");
    files.write("b.json", R"({"extends": "./x/../c.json", "name": "b"})");
    files.write("c.json", R"({"extends": "b.json", "name": "c"})");
    const std::string folder = files.folder.path().string();
    CHECK(refusal(files.folder / "a.json") ==
          fmt::format("A spec cannot extend itself: {0}/b.json, which extends {0}/c.json, which extends {0}/b.json. "
                      "Remove the key \"extends\" from one of them.",
                      folder));
    files.write("self.json", R"({"extends": "self.json", "name": "a"})");
    CHECK_THAT(refusal(files.folder / "self.json"), Contains("self.json, which extends"));
  }
  SECTION("a base that is not there is told with who names it") {
    CHECK_THAT(refusal(files.write("my.json", R"({"extends": "none.json", "name": "a"})")),
               Contains("none.json', which ") && Contains("my.json extends."));
  }
  SECTION("what is wrong in a base is told with its file and line") {
    files.write("base.json", "{\"name\": \"b\",\n\"train\": {\"stesp\": 4}}");
    CHECK_THAT(refusal(files.write("my.json", R"({"extends": "base.json", "name": "a"})")),
               Contains("my.json is not a valid spec:\n  " + (files.folder / "base.json").string() +
                        " line 2: train.stesp: There is no such key."));
    files.write("base.json", "{\"name\": \"b\", \"seed\": 1, \"seed\": 2}");
    CHECK_THAT(refusal(files.folder / "my.json"),
               Contains("base.json is not a valid spec:\n  line 1: seed: is given twice"));
  }
  SECTION("the key takes a path") {
    for (const char* value : {"3", "\"\"", "null", "{}", "[\"base.json\"]"}) {
      CAPTURE(value);
      CHECK_THAT(refusal(files.write("my.json", fmt::format(R"({{"extends": {}, "name": "a"}})", value))),
                 Contains("line 1: extends: must be the path of a spec"));
    }
  }
  SECTION("null is for specs that extend one") {
    CHECK_THAT(refusal(files.write("my.json", R"({"name": "a", "seed": null})")), Contains("found null"));
  }
  SECTION("a spec without a file extends none") {
    CHECK_THROWS_WITH(parse_spec_text(R"({"name": "a", "extends": "base.json"})", "text"), Contains("is in no file"));
  }
}
