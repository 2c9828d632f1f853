// Specs that are printed and read back.
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/print.h"
#include "spec/spec_testing.h"
#include "support/temp_dir.h"
#include "tasks/fewshot/fewshot_spec.h"

using namespace srwm;
using Catch::Matchers::Contains;
using srwm::testing::all_values;
using srwm::testing::random_spec;
using srwm::testing::refusal;

TEST_CASE("a spec with nothing but a name takes every default") {
  ExperimentSpec expected;
  expected.name = "a";
  CHECK(all_values(parse_spec_text(R"({"name": "a"})", "test.json")) == all_values(expected));
}

TEST_CASE("random valid specs read back as they were") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    const ExperimentSpec spec = random_spec(seed);
    const std::string printed = to_json(spec);
    REQUIRE(refusal(printed) == "valid");
    const ExperimentSpec again = parse_spec_text(printed, "test.json");
    REQUIRE(all_values(again) == all_values(spec));
    REQUIRE(to_json(again) == printed);
  }
}

TEST_CASE("the resolved spec has every key with a meaning, in the order of the declaration") {
  ExperimentSpec spec;
  spec.name = "a";
  spec.model.core.kind = CoreKind::lstm;
  const auto resolved = nlohmann::ordered_json::parse(to_json(spec));
  CHECK(resolved.begin().key() == "task");
  CHECK(resolved["train"].begin().key() == "steps");
  CHECK(resolved["model"]["core"].contains("hidden"));
  CHECK_FALSE(resolved["model"]["core"].contains("heads"));
  CHECK_FALSE(resolved["optim"].contains("warmup_steps"));
  CHECK(resolved["figures"]["published"].is_null());
}

TEST_CASE("integers may be written in any way that is an integer") {
  const auto steps = [](const char* number) {
    return parse_spec_text(fmt::format(R"({{"name": "a", "train": {{"steps": {}}}}})", number), "test.json")
        .train.steps;
  };
  CHECK(steps("100000") == 100000);
  CHECK(steps("1e5") == 100000);
  CHECK(steps("100000.0") == 100000);
  CHECK(steps("0.1e6") == 100000);
  CHECK(steps("100000.000E+0") == 100000);
  CHECK(parse_spec_text(R"({"name": "a", "seed": 18446744073709551615})", "").seed == 18446744073709551615U);
}

TEST_CASE("no integer is rounded, however it is written") {
  const auto seed = [](const std::string& number) {
    return parse_spec_text(fmt::format(R"({{"name": "a", "seed": {}}})", number), "test.json").seed;
  };
  constexpr std::uint64_t odd = 9007199254740993U;  // 2^53 + 1: no double
  for (const char* text : {"9007199254740993", "9007199254740993.0", "9.007199254740993e15", "90071992547409930e-1",
                           "\"9007199254740993\""}) {
    CAPTURE(text);
    CHECK(seed(text) == odd);
    CHECK(parse_spec_text(R"({"name": "a"})", "", std::vector{fmt::format("seed={}", text)}).seed == odd);
  }
  CHECK(seed("1.8446744073709551615e19") == 18446744073709551615U);
  for (const char* text : {"9007199254740993.5", "18446744073709551616", "1.8446744073709551616e19", "1e20", "-1",
                           "0.5", "\"1e3\"", "\"-1\"", "\"\"", "\" 1\""}) {
    CAPTURE(text);
    CHECK_THROWS_AS(seed(text), SpecError);
  }
}

TEST_CASE("seeds that other programs would round are printed as text, which they keep") {
  ExperimentSpec spec = parse_spec_text(R"({"name": "a", "seed": 9007199254740992})", "");
  CHECK(nlohmann::json::parse(to_json(spec)).at("seed").is_number());
  spec.seed = 9007199254740993U;
  CHECK(nlohmann::json::parse(to_json(spec)).at("seed") == "9007199254740993");
  CHECK(parse_spec_text(to_json(spec), "").seed == spec.seed);
}

TEST_CASE("a result is taken for the spec in it") {
  const TempDir folder;
  const std::filesystem::path path = folder / "result.json";
  std::ofstream(path) << R"({"test": {"a.b": 1}, "commit": "x", "spec": {"name": "a", "seed": "9007199254740993"}})";
  CHECK(load_spec(path).seed == 9007199254740993U);
  CHECK(load_spec(path, std::vector<std::string>{"seed=3"}).seed == 3);
  std::ofstream(path) << R"({"spec": {"name": "a"}})";
  CHECK_THROWS_WITH(load_spec(path), Contains("spec"));
}

TEST_CASE("a byte-order mark is passed over") {
  CHECK(refusal("\xEF\xBB\xBF{\"name\": \"a\"}") == "valid");
}

TEST_CASE("overrides") {
  const std::string text = R"({"name": "a", "train": {"steps": 7, "batch": 3}, "optim": {"rate": 0.5}})";
  const auto with = [&](std::vector<std::string> overrides) { return parse_spec_text(text, "test.json", overrides); };
  SECTION("a value in place of the file's, and one that the file does not give") {
    const ExperimentSpec spec = with({"train.steps=9", "model.core.layers=3"});
    CHECK(spec.train.steps == 9);
    CHECK(spec.train.batch == 3);
    CHECK(spec.model.core.layers == 3);
  }
  SECTION("text needs no quotes, also where it looks like a number") {
    CHECK(with({"model.core.kind=lstm"}).model.core.kind == CoreKind::lstm);
    CHECK(with({"model.core.kind=\"lstm\""}).model.core.kind == CoreKind::lstm);
    CHECK(with({"name=2024"}).name == "2024");
    CHECK(with({"comment=a=b, c"}).comment == "a=b, c");
  }
  SECTION("null puts keys and groups back to their default") {
    CHECK(with({"train.steps=null"}).train.steps == TrainSpec().steps);
    CHECK(with({"train=null"}).train.batch == TrainSpec().batch);
    CHECK_FALSE(with({"figures.published=null"}).figures.published.has_value());
  }
  SECTION("an object sets the keys inside it") {
    const ExperimentSpec spec = with({R"(train={"steps": 11})"});
    CHECK(spec.train.steps == 11);
    CHECK(spec.train.batch == 3);
  }
  SECTION("the last of two holds") {
    CHECK(with({"train.steps=1", "train.steps=2"}).train.steps == 2);
  }
  SECTION("what loses its meaning by an override is left out") {
    const std::string file = R"({"name": "a", "model": {"core": {"heads": 2, "hidden": 64}},
                                 "optim": {"schedule": "transformer_warmup", "warmup_steps": 7}})";
    const auto overridden = [&](const std::vector<std::string>& overrides) {
      return parse_spec_text(file, "test.json", overrides);
    };
    const ExperimentSpec lstm = overridden({"model.core.kind=lstm"});
    CHECK(lstm.model.core.kind == CoreKind::lstm);
    CHECK(lstm.model.core.hidden == 64);
    CHECK(lstm.model.core.heads == CoreOptions().heads);
    const ExperimentSpec constant = overridden({R"(optim={"schedule": "constant", "rate": 0.25})"});
    CHECK(constant.optim.rate == 0.25);
    CHECK(constant.optim.warmup_steps == OptimOptions().warmup_steps);
    CHECK(overridden({"optim.warmup_steps=9"}).optim.warmup_steps == 9);
  }
  SECTION("a wrong value in the file does not matter if it is overridden") {
    const std::vector<std::string> overrides = {"seed=3"};
    CHECK(parse_spec_text(R"({"name": "a", "seed": "x"})", "test.json", overrides).seed == 3);
  }
}
