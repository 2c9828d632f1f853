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

/// Texts of specs, one mistake in each.
const std::vector<std::string> bad_specs{
    "",
    "[]",
    "{}",
    "\"\xFF\"",
    std::string(20, '['),
    "{\"seed\": 1e400}",
    "{\"name\": \"a\"",
    "{\"name\": \"a\",}",
    "{\"name\": \"a\" // b\n}",
    "{'name': 1}",
    "{\"name\": NaN}",
    "{\"name\" \"a\"}",
    "{\"name\": \"a\"} {}",
};

/// Keys that are added to a spec with a name, one mistake in each.
const std::vector<std::string> bad_keys{
    R"("trian": 1)",
    R"("": 1)",
    R"("train.steps": 1)",
    R"("seed": 1, "seed": 2)",
    R"("train": {"steps": 0})",
    R"("train": 1)",
    R"("optim": {"warmup_steps": 5})",
    R"("optim": {"schedule": "linear_warmup", "rate": 1e-36, "warmup_steps": 10000})",
    R"("model": {"core": {"hidden": 100, "heads": 16}})",
    R"("model": {"vision": {"dropout_kind": "inblock"}})",
    R"("model": {"vision": {"kind": "res12", "channels": 33}})",
    R"("protocol": {"first_ways": 9, "ways_steps": 5})",
    R"("protocol": {"first_ways": 2})",
    R"("protocol": {"kind": "sequential", "first_ways": 2, "ways_steps": 5})",
    R"("protocol": {"kind": "sequential", "max_trim": 5})",
    R"("protocol": {"kind": "sequential"}, "data": {"train_episodes": "e.h5"})",
    R"("bootstrap": {"kind": "kl"}, "data": {"train_episodes": "e.h5"})",
    R"("bootstrap": {"kind": "state_mse"}, "model": {"core": {"kind": "transformer"}})",
    R"("data": {"glyphs": {"val_classes": 2}})",
    R"("data": {"glyphs": {"images_per_class": 2}}, "protocol": {"k_shot": 5})",
    R"("figures": {"published": 0.5})",
};

/// The same for a spec of reinforcement learning.
const std::vector<std::string> bad_rl_settings{
    "env.games=[]", "env.actors=47", "env.settings=[\"a\"]", "env.first_level=5", "agent.heads=3", "test.episodes=7",
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

std::string many_problems() {
  std::string text = "{\"name\": \"a\"";
  for (int i = 0; i < 60; ++i) text += fmt::format(", \"unkwn_{}\": 0", i);
  return text + "}";
}

}  // namespace

TEST_CASE("errors about specs are those of docs/errors.md") {
  ErrorSection section("Specs");
  for (const std::string& text : bad_specs) parse(section, text);
  for (const std::string& keys : bad_keys) parse(section, fmt::format("{{\"name\": \"a\", {}}}", keys));
  parse(section, "{\"name\": \"a\"}", {"train.steps"});
  const char* rl = R"({"task": "rl", "name": "a", "env": {"games": ["signpost", "melody"], "levels": 0}})";
  for (const std::string& setting : bad_rl_settings) parse(section, rl, {setting});
  parse(section, rl, {"validation.every=5", "validation.first_level=1000"});
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
  section.provoke([] { load_spec("/proc/self/mem"); });  // a file that opens and cannot be read, even by root
}
