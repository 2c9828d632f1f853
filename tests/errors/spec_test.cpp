// Provokes every entry of the section "Specs" of docs/errors.md. What the messages name besides is tested in
// tests/spec.
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "errors/errors_page.h"
#include "support/temp_dir.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/task_table.h"

using namespace srwm;
using srwm::test::ErrorSection;

namespace {

/// A mistake, and what becomes of it when the advice of docs/errors.md is followed.
struct Mistake {
  std::string bad, cured;
};

/// Texts of specs.
const std::vector<Mistake> bad_specs{
    {"", R"({"name": "my-experiment"})"},
    {"[]", R"({"name": "a"})"},
    {"{}", R"({"name": "a"})"},
    {"{\"name\": \"a\", \"comment\": \"\xFF\"}", R"({"name": "a", "comment": "ÿ"})"},
    {std::string(20, '['), R"({"name": "a"})"},
    {R"({"name": "a", "seed": 1e400})", R"({"name": "a", "seed": 1e3})"},
    {R"({"name": "a")", R"({"name": "a"})"},
    {R"({"name": "a",})", R"({"name": "a"})"},
    {"{\"name\": \"a\" // b\n}", R"({"name": "a", "comment": "b"})"},
    {"{'name': 1}", R"({"name": "1"})"},
    {R"({"name": NaN})", R"({"name": "NaN"})"},
    {R"({"name" "a"})", R"({"name": "a"})"},
    {R"({"name": "a"} {})", R"({"name": "a"})"},
};

/// Keys that are added to a spec with a name.
const std::vector<Mistake> bad_keys{
    {R"("trian": {"steps": 1})", R"("train": {"steps": 1})"},
    {R"("": "b")", R"("comment": "b")"},
    {R"("train.steps": 1)", R"("train": {"steps": 1})"},
    {R"("seed": 1, "seed": 2)", R"("seed": 2)"},
    {R"("train": {"steps": 0})", R"("train": {"steps": 1})"},
    {R"("train": 1)", R"("train": {"steps": 1})"},
    {R"("optim": {"warmup_steps": 5})", R"("optim": {"schedule": "linear_warmup", "warmup_steps": 5})"},
    {R"("optim": {"schedule": "linear_warmup", "rate": 1e-36, "warmup_steps": 10000})",
     R"("optim": {"schedule": "linear_warmup", "rate": 1e-36, "warmup_steps": 10})"},
    {R"("model": {"core": {"hidden": 100, "heads": 16}})", R"("model": {"core": {"hidden": 100, "heads": 20}})"},
    {R"("model": {"vision": {"dropout_kind": "inblock"}})", R"("model": {"vision": {"dropout_kind": "2d"}})"},
    {R"("model": {"vision": {"kind": "res12", "channels": 33}})",
     R"("model": {"vision": {"kind": "res12", "channels": 32}})"},
    {R"("protocol": {"first_ways": 9, "ways_steps": 5})", R"("protocol": {"first_ways": 2, "ways_steps": 5})"},
    {R"("protocol": {"first_ways": 2})", R"("protocol": {"first_ways": 2, "ways_steps": 5})"},
    {R"("protocol": {"kind": "sequential", "first_ways": 2, "ways_steps": 5})",
     R"("protocol": {"kind": "sequential"})"},
    {R"("protocol": {"kind": "sequential", "max_trim": 5})", R"("protocol": {"kind": "sequential", "max_trim": 4})"},
    {R"("protocol": {"kind": "sequential"}, "data": {"train_episodes": "e.h5"})",
     R"("protocol": {"kind": "delayed"}, "data": {"train_episodes": "e.h5"})"},
    {R"("bootstrap": {"kind": "kl"}, "data": {"train_episodes": "e.h5"})",
     R"("bootstrap": {"kind": "none"}, "data": {"train_episodes": "e.h5"})"},
    {R"("bootstrap": {"kind": "state_mse"}, "model": {"core": {"kind": "transformer"}})",
     R"("bootstrap": {"kind": "kl"}, "model": {"core": {"kind": "transformer"}})"},
    {R"("data": {"glyphs": {"val_classes": 2}})", R"("data": {"glyphs": {"val_classes": 5}})"},
    {R"("data": {"glyphs": {"images_per_class": 2}}, "protocol": {"k_shot": 5})",
     R"("data": {"glyphs": {"images_per_class": 6}}, "protocol": {"k_shot": 5})"},
    {R"("figures": {"published": 0.5})", R"("figures": {"published": 0.5, "source": "a table"})"},
};

/// Settings of a spec of reinforcement learning.
const std::vector<Mistake> bad_rl_settings{
    {"env.games=[]", "env.games=[\"signpost\"]"},
    {"env.actors=47", "env.actors=48"},
    {"env.settings=[\"a\"]", "env.settings=[\"frame_size=16\"]"},
    {"env.first_level=5", "env.levels=5"},
    {"agent.heads=3", "agent.heads=4"},
    {"test.episodes=7", "test.envs=1"},
};

/// Keys that are added to a spec of a learning rule with a name.
const std::vector<Mistake> bad_vsml_keys{
    {R"("data": {"datasets": []})", R"("data": {"datasets": ["mnist"]})"},
    {R"("test": {"classes": ["1"]})", R"("test": {"classes": ["5 8 1"]})"},
    {R"("episode": {"kind": "few_shot"}, "data": {"datasets": ["a", "b"]})",
     R"("episode": {"kind": "few_shot"}, "data": {"datasets": ["a"]}, "validation": {"datasets": ["a"]})"},
    {R"("episode": {"kind": "few_shot"}, "test": {"datasets": ["sum"]})",
     R"("episode": {"kind": "stream"}, "test": {"datasets": ["sum"]})"},
    {R"("validation": {"datasets": ["fashion_mnist"]})", R"("validation": {"datasets": ["mnist"]})"},
    {R"("model": {"hidden": ["pool"]})", R"("model": {"hidden": ["conv 8 2", "dense 32"]})"},
    {R"("model": {"hidden": ["dense 3", "conv 3 2"]})", R"("model": {"hidden": ["conv 3 2", "dense 3"]})"},
    {R"("model": {"hidden": ["conv 3 2"]}, "data": {"pad": true})",
     R"("model": {"hidden": ["conv 3 2"]}, "data": {"pad": false})"},
    {R"("model": {"kind": "hebbian"}, "train": {"gradient": "clone"})",
     R"("model": {"kind": "hebbian"}, "train": {"gradient": "backward"})"},
    {R"("model": {"output_index": 8})", R"("model": {"output_index": 7})"},
    {R"("train": {"gradient": "clone"}, "model": {"backward_pass": true, "separate_backward": true, "output_index": 0,
         "random_part": 0.0625})",
     R"("train": {"gradient": "clone"}, "model": {"backward_pass": true, "separate_backward": true, "output_index": 0,
         "random_part": 0.0625, "merge": "sum"})"},
    {R"("model": {"kind": "cloned_sgd", "hidden": ["conv 3 2"]})",
     R"("model": {"kind": "cloned_sgd", "hidden": ["dense 3"]})"},
    {R"("data": {"datasets": ["glyphs"], "glyph_classes": 3, "glyphs": {"val_classes": 2}},
        "validation": {"datasets": ["glyphs"]})",
     R"("data": {"datasets": ["glyphs"], "glyph_classes": 2, "glyphs": {"val_classes": 2}},
        "validation": {"datasets": ["glyphs"]})"},
};

/// A line of a list of problems is "place: key: reason", with place or key or both left out.
std::string reason_in(const ErrorSection& section, std::string_view line) {
  while (!section.knows(line) && line.find(": ") != std::string_view::npos) line.remove_prefix(line.find(": ") + 2);
  return std::string(line);
}

/// The whole message, and then each problem in it.
void saw_problems(ErrorSection& section, const SpecError& error) {
  const std::string message = error.what();
  section.saw(message, static_cast<int>(error.code()));
  std::size_t begin = message.find("\n  ");
  while (begin != std::string::npos) {
    const std::size_t end = message.find('\n', begin + 1);
    section.saw(reason_in(section, message.substr(begin + 3, end - begin - 3)), static_cast<int>(error.code()));
    begin = message.find("\n  ", end);
  }
}

void parse(ErrorSection& section, const std::string& text, const std::vector<std::string>& overrides = {}) {
  INFO("spec: " << text);
  try {
    parse_any_spec_text(text, "bad.json", overrides);
  } catch (const SpecError& error) {
    return saw_problems(section, error);
  }
  FAIL_CHECK("taken for a good spec");
}

void check_cured(const std::string& text, const std::vector<std::string>& overrides = {}) {
  CAPTURE(text, overrides);
  CHECK_NOTHROW(parse_any_spec_text(text, "cured.json", overrides));
}

/// Provokes an error, and follows its advice.
void try_advice(ErrorSection& section, const Mistake& mistake) {
  parse(section, mistake.bad);
  check_cured(mistake.cured);
}

std::string many_problems() {
  std::string text = "{\"name\": \"a\"";
  for (int i = 0; i < 60; ++i) text += fmt::format(", \"unkwn_{}\": 0", i);
  return text + "}";
}

}  // namespace

TEST_CASE("errors about specs are those of docs/errors.md") {
  ErrorSection section("Specs");
  for (const Mistake& mistake : bad_specs) try_advice(section, mistake);
  for (const Mistake& mistake : bad_keys) {
    const auto spec = [](const std::string& keys) { return fmt::format("{{\"name\": \"a\", {}}}", keys); };
    try_advice(section, {spec(mistake.bad), spec(mistake.cured)});
  }
  for (const Mistake& mistake : bad_vsml_keys) {
    const auto spec = [](const std::string& keys) { return R"({"task": "vsml", "name": "a", )" + keys + "}"; };
    try_advice(section, {spec(mistake.bad), spec(mistake.cured)});
  }
  parse(section, "{\"name\": \"a\"}", {"train.steps"});
  check_cured("{\"name\": \"a\"}", {"train.steps=1000"});
  const char* rl = R"({"task": "rl", "name": "a", "env": {"games": ["signpost", "melody"], "levels": 0}})";
  for (const Mistake& mistake : bad_rl_settings) {
    parse(section, rl, {mistake.bad});
    check_cured(rl, {mistake.cured});
  }
  parse(section, rl, {"validation.every=5", "validation.first_level=1000"});
  check_cured(rl, {"validation.every=5", "env.levels=200", "validation.first_level=500"});
  section.provoke([&] { parse_spec_text(rl, "rl.json"); });
  section.provoke([] { parse_spec_text(many_problems(), "bad.json"); });
  try {
    parse_spec_text(many_problems(), "bad.json");
  } catch (const SpecError& error) {
    const std::string message = error.what();
    const std::size_t last = message.find("... and");
    section.saw(message.substr(last, message.find('\n', last) - last), static_cast<int>(error.code()));
  }

  const TempDir folder;
  std::ofstream(folder / "large.json") << std::string(2 << 20, ' ');
  std::ofstream(folder / "checkpoint.h5") << "\x89HDF\r\n\x1a\n";
  section.provoke([&] { load_spec(folder / "checkpoint.h5"); });
  section.provoke([&] { load_spec(folder.path()); });
  section.provoke([&] { load_spec(folder / "none.json"); });
  section.provoke([&] { load_spec(folder / "large.json"); });
  const auto extend = [&](const char* name, const char* extends) {
    std::ofstream(folder / name) << fmt::format(R"({{"name": "a", "extends": {}}})", extends);
    section.provoke([&] { load_spec(folder / name); });
  };
  extend("orphan.json", R"("none.json")");
  extend("self.json", R"("self.json")");
  parse(section, R"({"name": "a", "extends": "b.json"})");
  std::ofstream(folder / "number.json") << R"({"name": "a", "extends": 3})";
  try {
    load_spec(folder / "number.json");
  } catch (const SpecError& error) {
    saw_problems(section, error);
  }
  section.provoke([] { load_spec("/proc/self/mem"); });  // a file that opens and cannot be read, even by root
}
