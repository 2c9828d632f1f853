// Every kind of fault in a spec: its message names the place, the key, the reason and the nearest valid name.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "core/error.h"
#include "core/rng.h"
#include "core/utf8.h"
#include "spec/print.h"
#include "spec/spec_testing.h"
#include "tasks/fewshot/fewshot_spec.h"

using namespace srwm;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using srwm::testing::random_spec;
using srwm::testing::refusal;

namespace {

/// The message for a single problem, without the first and last line, which are the same for all.
std::string problem(std::string_view text, const std::vector<std::string>& overrides = {}) {
  const std::string message = refusal(text, overrides);
  const std::string first = "test.json is not a valid spec:\n  ";
  const std::string last = "\n'srwm config explain KEY' says what a key takes.";
  if (!message.starts_with(first) || !message.ends_with(last)) return fmt::format("({})", message);
  return message.substr(first.size(), message.size() - first.size() - last.size());
}

/// A spec with a name and one more key.
std::string with(std::string_view rest) {
  return fmt::format("{{\"name\": \"a\",\n{}}}", rest);
}

struct TemporaryFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("srwm_spec_{}", ::getpid());
  TemporaryFolder() { std::filesystem::create_directories(path); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

}  // namespace

TEST_CASE("a number is in range only if it is so in float32, with which models compute") {
  const auto refused = [](const std::string& setting) { return refusal(R"({"name": "a"})", {setting}); };
  using Catch::Matchers::Contains;
  CHECK_THAT(refused("optim.eps=1e-50"), Contains("must be a number from 1e-20 to 1; found 1e-50."));
  CHECK_THAT(refused("optim.rate=1e-45"),
             Contains("above 0 and at most 1; found 1e-45. In float32, with which srwm computes, that is too small"));
  CHECK_THAT(refused("optim.beta2=0.999999999"), Contains("with which srwm computes, that is 1."));
  CHECK_THAT(refused("model.core.dropout=0.99999999"), Contains("with which srwm computes, that is 1."));
  CHECK_THAT(refused("optim.clip_norm=1e39"), Contains("with which srwm computes, that is infinite."));
  CHECK_THAT(refused("optim.clip_norm=-1"), !Contains("float32"));
  for (const char* setting : {"optim.eps=1e-20", "optim.rate=1e-30", "optim.beta2=0.9999999", "optim.clip_norm=1e38",
                              "optim.clip_norm=0", "model.core.dropout=0"}) {
    CAPTURE(setting);
    CHECK(refused(setting) == "valid");
  }
}

TEST_CASE("unknown keys are told with the nearest known one") {
  CHECK(problem(with(R"("trian": {"steps": 3, "x": {"y": []}})")) ==
        "line 2: trian: There is no such key. Did you mean train?");
  CHECK(problem(with(R"("model": {"core": {"layerz": 3}})")) ==
        "line 2: model.core.layerz: There is no such key. Did you mean model.core.layers?");
  CHECK(problem(with(R"("num_layers": 3)")) ==
        "line 2: num_layers: There is no such key. Did you mean model.core.layers?");
  CHECK(problem(with(R"("optim": {"learning_rate": 3})")) ==
        "line 2: optim.learning_rate: There is no such key. Did you mean optim.rate?");
  CHECK(problem(with(R"("entirely_different": 1)")) == "line 2: entirely_different: There is no such key.");
  CHECK(problem(with(R"("": 1)")) == "line 2: A key is empty. Give it a name.");
  CHECK(problem(with(R"("train": {"": 1})")) == "line 2: train: A key is empty. Give it a name.");
}

TEST_CASE("a key with dots is told how to be written") {
  CHECK_THAT(problem(with(R"("train.steps": 3)")), Contains("line 2: train.steps: A key of a spec has no dots in it"));
}

TEST_CASE("repeated keys are told with both lines") {
  CHECK(problem(with("\"seed\": 1,\n\"seed\": 1")) == "line 3: seed: is given twice; the first is on line 2.");
  CHECK(problem(with("\"train\": {\"steps\": 5},\n\"train\": {\"batch\": 5}")) ==
        "line 3: train: is given twice; the first is on line 2.");
}

TEST_CASE("values of the wrong type or out of range are told with what is allowed") {
  const auto steps = [](const char* value) { return problem(with(fmt::format(R"("train": {{"steps": {}}})", value))); };
  const std::string wanted = "line 2: train.steps: must be an integer from 1 to 1000000000; found ";
  CHECK(steps("0") == wanted + "0.");
  CHECK(steps("-1") == wanted + "-1.");
  CHECK(steps("0.5") == wanted + "0.5.");
  CHECK(steps("1e300") == wanted + "1e+300.");
  CHECK(steps("18446744073709551615") == wanted + "18446744073709551615.");
  CHECK(steps("99999999999999999999999") == wanted + "1e+23.");
  CHECK(steps("\"5\"") == wanted + "the text \"5\".");
  CHECK(steps("true") == wanted + "true.");
  CHECK(steps("null") == wanted + "null.");
  CHECK(steps("[1, {\"a\": 2}]") == wanted + "a list.");
  CHECK(steps("{\"a\": 2}") == wanted + "an object.");

  CHECK(problem(with(R"("seed": -1)")) == "line 2: seed: must be an integer from 0 to 18446744073709551615; found -1.");
  CHECK(problem(with(R"("optim": {"beta1": 1})")) ==
        "line 2: optim.beta1: must be a number of at least 0 and below 1; found 1.");
  CHECK(problem(with(R"("data": {"glyphs": {"jitter": 5}})")) ==
        "line 2: data.glyphs.jitter: must be a number from 0 to 4; found 5.");
  CHECK(problem(with(R"("optim": {"rate": 0})")) ==
        "line 2: optim.rate: must be a number above 0 and at most 1; found 0.");
  CHECK(problem(with(R"("optim": {"clip_norm": -0.1})")) ==
        "line 2: optim.clip_norm: must be a number of at least 0; found -0.1.");
  CHECK(problem(with(R"("figures": {"expected": 97.4})")) ==
        "line 2: figures.expected: must be a fraction from 0 to 1, or null (not known); found 97.4.");
  CHECK(problem(with(R"("data": {"normalize": 1})")) == "line 2: data.normalize: must be true or false; found 1.");
  CHECK(problem(with(R"("comment": 1)")) == "line 2: comment: must be text; found 1.");
  CHECK(problem(with(R"("data": {"dataset": ""})")) ==
        "line 2: data.dataset: must be text on one line, not empty; found the text \"\".");
  CHECK(problem(with(R"("data": {"dataset": "a\nb"})")) ==
        "line 2: data.dataset: must be text on one line, not empty; found the text \"a?b\".");
  CHECK(problem(with(R"("train": 5)")) == "line 2: train: must be an object with keys such as \"steps\"; found 5.");
}

TEST_CASE("an unknown choice is told with the nearest one") {
  CHECK(problem(with(R"("model": {"core": {"kind": "deltanet"}})")) ==
        "line 2: model.core.kind: must be one of \"srwm\", \"delta_net\", \"linear_transformer\", "
        "\"transformer\", \"lstm\"; found the text \"deltanet\". "
        "Did you mean \"delta_net\"?");
  CHECK_THAT(problem(with(R"("model": {"core": {"kind": "perceptron"}})")), !Contains("Did you mean"));
}

TEST_CASE("names must be fit for a folder") {
  const std::string wanted =
      "line 1: name: must be text of 1 to 100 letters, digits, '-', '_' and '.' that begins with a letter or digit; "
      "found ";
  CHECK(problem(R"({"name": "a b"})") == wanted + "the text \"a b\".");
  CHECK(problem(R"({"name": "../a"})") == wanted + "the text \"../a\".");
  CHECK(problem(R"({"name": ".."})") == wanted + "the text \"..\".");
  CHECK(problem(R"({"name": ""})") == wanted + "the text \"\".");
  CHECK(problem(fmt::format(R"({{"name": "{}"}})", std::string(101, 'a'))) ==
        fmt::format("{}the text \"{}...\".", wanted, std::string(60, 'a')));
  CHECK_THAT(problem("{}"), Contains("name: is missing; it must be text of 1 to 100 letters"));
}

TEST_CASE("keys without a meaning are refused") {
  const auto refused = [](std::string_view rest, std::string_view key, std::string_view words, std::string_view other) {
    CHECK(problem(with(rest)) ==
          fmt::format("line 2: {}: has a meaning only if {}. Remove it, or change {}.", key, words, other));
  };
  const std::string not_lstm = "model.core.kind is not \"lstm\"";
  for (const std::string key : {"heads", "ff_factor", "dropout", "layer_norm", "input_softmax", "beta_init"}) {
    const bool is_flag = key == "layer_norm" || key == "input_softmax";
    const bool is_srwm_only = is_flag || key == "beta_init";
    refused(fmt::format(R"("model": {{"core": {{"{}": {}, "kind": "lstm"}}}})", key,
                        is_flag                                  ? "true"
                        : key == "dropout" || key == "beta_init" ? "0.5"
                                                                 : "4"),
            "model.core." + key, is_srwm_only ? "model.core.kind is \"srwm\"" : not_lstm, "model.core.kind");
  }
  refused(R"("protocol": {"kind": "delayed", "queries": 5})", "protocol.queries", "protocol.kind is \"sync\"",
          "protocol.kind");
  refused(R"("optim": {"schedule": "linear_warmup", "decay_steps": 5})", "optim.decay_steps",
          "optim.schedule is \"cosine\" or \"step\"", "optim.schedule");
  refused(R"("optim": {"warmup_steps": 5})", "optim.warmup_steps", "optim.schedule is not \"constant\"",
          "optim.schedule");
  refused(R"("optim": {"schedule": "transformer_warmup", "rate": 0.1})", "optim.rate",
          "optim.schedule is not \"transformer_warmup\"", "optim.schedule");
  refused(R"("data": {"train_episodes": "e.h5"}, "protocol": {"rotations": true})", "protocol.rotations",
          "data.train_episodes is not set", "data.train_episodes");
  refused(R"("data": {"dataset": "omniglot", "glyphs": {"jitter": 0.5}})", "data.glyphs.jitter",
          "data.dataset is \"glyphs\"", "data.dataset");
  refused(R"("bootstrap": {"future_shots": 2})", "bootstrap.future_shots", "bootstrap.kind is not \"none\"",
          "bootstrap.kind");
  refused(R"("protocol": {"ways_steps": 5})", "protocol.ways_steps", "protocol.first_ways is above 0",
          "protocol.first_ways");
}

TEST_CASE("0 alone switches validation off") {
  CHECK(refusal(with(R"("validation": {"every": 100, "batches": 5})"), {"validation.every=0"}) == "valid");
}

TEST_CASE("one mistake is told once") {
  CHECK_THAT(problem(with(R"("optim": {"schedule": "linear", "warmup_steps": 5})")),
             Contains("optim.schedule") && !Contains("optim.warmup_steps"));
  CHECK_THAT(problem(with(R"("model": {"core": {"heads": 0, "hidden": 31}})")),
             Contains("model.core.heads: must be an integer") && !Contains("split evenly"));
}

TEST_CASE("values that do not fit together") {
  CHECK(problem(with(R"("model": {"core": {"hidden": 100, "heads": 16}})")) ==
        "model.core.heads: hidden units are split evenly over heads, but model.core.hidden is 100 and heads is 16. The "
        "nearest number of heads that divides hidden is 10 or 20.");
  CHECK_THAT(problem(with(R"("model": {"core": {"hidden": 4, "heads": 16}})")), Contains("divides hidden is 4."));
  CHECK(
      problem(with(R"("model": {"vision": {"dropout_kind": "2d_inblock"}})")) ==
      "model.vision.dropout_kind: \"2d_inblock\" drops inside the blocks of a res12; conv4 takes \"base\" and \"2d\".");
  CHECK_THAT(problem(with(R"("model": {"vision": {"kind": "res12", "channels": 7}})")),
             Contains("model.vision.channels: must be even") && Contains("found 7."));
  CHECK(problem(with(R"("protocol": {"first_ways": 6, "ways_steps": 10})")) ==
        "protocol.first_ways: must be 0 or from 2 to protocol.n_way, which is 5; found 6.");
  CHECK_THAT(problem(with(R"("protocol": {"first_ways": 1, "ways_steps": 10})")), Contains("found 1."));
  CHECK(problem(with(R"("protocol": {"kind": "sequential", "k_shot": 3, "max_trim": 15})")) ==
        "protocol.max_trim: must be below the 15 images of a task (protocol.n_way * protocol.k_shot); found 15.");
  CHECK(problem(with(R"("protocol": {"kind": "sequential", "first_ways": 2, "ways_steps": 5})")) ==
        "protocol.first_ways: must be 0 with the protocol \"sequential\".");
  CHECK(problem(with(R"("protocol": {"kind": "sequential"}, "data": {"train_episodes": "e.h5"})")) ==
        "data.train_episodes: an episodes file holds no sequential episodes: leave it out.");
  CHECK(problem(with(R"("bootstrap": {"kind": "kl"}, "data": {"train_episodes": "e.h5"})")) ==
        "data.train_episodes: an episodes file holds no future images for bootstrapping: leave it out.");
  CHECK_THAT(problem(with(R"("bootstrap": {"kind": "state_mse"}, "model": {"core": {"kind": "transformer"}})")),
             Contains("bootstrap.kind: \"state_mse\" compares states of one size"));
  CHECK_THAT(problem(with(R"("bootstrap": {"kind": "kl", "future_shots": 20})")),
             Contains("must be at least 22") && Contains("bootstrap.future_shots + protocol.queries"));
  CHECK(problem(with(R"("protocol": {"first_ways": 2})")) ==
        "protocol.ways_steps: must be above 0 where protocol.first_ways is set.");
  CHECK(problem(with(R"("data": {"glyphs": {"val_classes": 4}})")) ==
        "data.glyphs.val_classes: 4 classes do not fill an episode of protocol.n_way 5 classes.");
  CHECK(problem(with(R"("data": {"glyphs": {"val_classes": 4}}, "protocol": {"rotations": true})")) == "(valid)");
  CHECK(problem(with(R"("data": {"glyphs": {"images_per_class": 7}}, "protocol": {"k_shot": 5, "queries": 3})")) ==
        "data.glyphs.images_per_class: must be at least 8: an episode may show that many images of a class "
        "(protocol.k_shot + protocol.queries); found 7.");
  CHECK(problem(with(R"("data": {"glyphs": {"images_per_class": 5}}, "protocol": {"kind": "delayed", "k_shot": 5})")) ==
        "(valid)");
  CHECK(problem(with(R"("figures": {"published": 0.974})")) ==
        "figures.source: is missing: a published figure needs a source.");
}

TEST_CASE("all problems are told at once, under the name of the file") {
  const std::string message =
      refusal("{\"nam\": \"a\",\n\"train\": {\"steps\": 0},\n\"seed\": 1, \"seed\": 2}", {"x=1"});
  CHECK_THAT(message, Catch::Matchers::StartsWith("test.json is not a valid spec:\n"));
  CHECK_THAT(message, Contains("\n  line 1: nam: There is no such key. Did you mean name?\n"));
  CHECK_THAT(message, Contains("\n  line 2: train.steps: must be"));
  CHECK_THAT(message, Contains("\n  line 3: seed: is given twice"));
  CHECK_THAT(message, Contains("\n  --set x=1: x: There is no such key."));
  CHECK_THAT(message, Contains("\n  name: is missing"));

  std::string many = R"({"name": "a")";
  for (int i = 0; i < 60; ++i) many += fmt::format(", \"unknown_{}\": 0", i);
  CHECK_THAT(refusal(many + "}"), Contains("... and 10 more problems."));
}

TEST_CASE("what is not JSON is told with line and column, in words") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\n  \"name\": \"a\",\n}", "line 3, column 1: A comma stands before the closing bracket. Remove the comma."},
      {"{\"name\": [1,]}", "line 1, column 13: A comma stands before the closing bracket. Remove the comma."},
      {"{\"name\": \"a\"\n  \"seed\": 1}", "line 2, column 3: A comma is missing before this."},
      {"{\"name\": \"a\"", "line 1, column 13: The text ends too early: a closing bracket or quote is missing."},
      {"{\"name\": \"\xC3\xA9\" 'b'}", "line 1, column 14: JSON puts text and keys in double quotes, not single ones."},
      {"{\"name\": \"a\", // b\n}", "line 1, column 15: JSON has no comments. Use the key \"comment\" of the spec."},
      {"{\"name\": NaN}", "line 1, column 10: JSON knows numbers, true, false and null, in this spelling, and no NaN."},
      {"{\"name\": True}",
       "line 1, column 10: JSON knows numbers, true, false and null, in this spelling, and no NaN."},
      {"{\"seed\": 1e400}", "line 1, column 10: The number is too large."},
      {"{\"name\": \"a\"} {}", "line 1, column 15: This is not JSON: unexpected '{'; expected end of input."},
      {"{\"name\" \"a\"}", "line 1, column 9: A colon is missing before this."},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(problem(text) == expected);
  }
  CHECK_THAT(problem("{\"name\": \"a\nb\"}"), Contains("line 1, column") && Contains("control character"));
  CHECK_THAT(problem("{\"name\": \"\\q\"}"), Contains("line 1, column") && !Contains("json.exception"));
}

TEST_CASE("texts that hold no spec") {
  const std::string is_empty = "It is empty. The least that a spec needs is {\"name\": \"my-experiment\"}.";
  CHECK(problem("") == is_empty);
  CHECK(problem(" \n\t ") == is_empty);
  CHECK(problem("[]") == "A spec is a JSON object, {\"name\": ...}; found a list.");
  CHECK(problem("\"name\"") == "A spec is a JSON object, {\"name\": ...}; found the text \"name\".");
  CHECK(problem("3") == "A spec is a JSON object, {\"name\": ...}; found 3.");
}

TEST_CASE("text that is not UTF-8") {
  const std::vector<std::string> bad = {
      "\xFF", "\xC3",    "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x80\x80\x80",
      "\x80", "\xE2\x82"};
  for (const std::string& bytes : bad) {
    CHECK_THAT(problem("{\"name\": \"" + bytes + "\"}"), Contains("not UTF-8"));
    const std::string refused = problem(R"({"name": "a"})", {"comment=" + bytes});
    CHECK_THAT(refused, Contains("comment=?") && Contains("must be KEY=VALUE in UTF-8"));
    CHECK(is_utf8(refused));
  }
  CHECK(problem("{\"name\": \"a\", \"comment\": \"\xF0\x9F\x99\x82 \xED\x9F\xBF \xC3\xA9\"}") == "(valid)");
}

TEST_CASE("deep nesting is refused, not followed") {
  const std::string wanted = "line 1: Objects and lists are nested more than 16 levels deep.";
  CHECK_THAT(refusal(std::string(100'000, '[')), Contains(wanted));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK_THAT(refusal(objects), Contains(wanted));
}

TEST_CASE("faults in overrides are told like faults in the file") {
  const auto refused = [](const std::string& override_text) { return problem(R"({"name": "a"})", {override_text}); };
  CHECK(refused("train.stesp=3") ==
        "--set train.stesp=3: train.stesp: There is no such key. Did you mean train.steps?");
  CHECK(refused("train.steps=many") ==
        "--set train.steps=many: train.steps: must be an integer from 1 to 1000000000; found the text \"many\".");
  CHECK(refused("train.steps=") ==
        "--set train.steps=: train.steps: must be an integer from 1 to 1000000000; found the text \"\".");
  CHECK(refused("optim.rate=NaN") ==
        "--set optim.rate=NaN: optim.rate: must be a number above 0 and at most 1; found the text \"NaN\".");
  CHECK(refused("train=3") == "--set train=3: train: must be an object with keys such as \"steps\"; found 3.");
  CHECK(refused("optim.warmup_steps=3") ==
        "--set optim.warmup_steps=3: optim.warmup_steps: has a meaning only if optim.schedule is not \"constant\". "
        "Remove it, or change optim.schedule.");
  CHECK(refused("train={\"stesp\": 3}") ==
        "--set train={\"stesp\": 3}: train.stesp: There is no such key. Did you mean train.steps?");
  for (const std::string text : {"train.steps", "=3", ""}) {
    CHECK(refused(text) == fmt::format("--set {}: must be KEY=VALUE in UTF-8, as in --set train.steps=1000.", text));
  }
}

TEST_CASE("files that hold no spec") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(load_spec(folder.path), Contains("is a folder. Name a spec inside it"));
  CHECK_THROWS_WITH(load_spec(folder.path / "none.json"), Contains("There is no spec '") && Contains("none.json"));
  const auto written = [&](const char* name, const std::string& text) {
    std::ofstream(folder.path / name) << text;
    return folder.path / name;
  };
  CHECK_THROWS_WITH(load_spec(written("empty.json", "")),
                    Contains("empty.json is not a valid spec") && Contains("empty"));
  CHECK_THROWS_WITH(load_spec(written("large.json", std::string(2 << 20, ' '))), Contains("is larger than 1 MiB"));
  CHECK(load_spec(written("good.json", R"({"name": "a"})")).name == "a");
}

TEST_CASE("no change of a few bytes does more than make a spec invalid") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    std::string text = to_json(random_spec(seed % 50 + 1));
    RandomSequence random(seed, Stream::init, 1);
    for (std::uint32_t changes = 1 + random.below(4); changes > 0; --changes) {
      const std::uint32_t at = random.below(static_cast<std::uint32_t>(text.size()));
      const std::string bytes = "{}[]\":,.0e-\\\xFF\n";
      if (random.below(3) == 0) {
        text.erase(at, 1 + random.below(9));
      } else {
        text[at] = bytes[random.below(static_cast<std::uint32_t>(bytes.size()))];
      }
    }
    REQUIRE_THAT(refusal(text), Equals("valid") || Contains("test.json is not a valid spec:\n  "));
  }
}
