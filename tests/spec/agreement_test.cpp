// Declaration, parser, schema, docs/spec.md and the files in experiments/ say the same.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "spec/fields.h"
#include "spec/print.h"
#include "spec/schema_check.h"
#include "spec/spec_testing.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/pictures.h"
#include "tasks/rl/rl_spec.h"
#include "tasks/task_table.h"

using namespace srwm;
using nlohmann::json;
using srwm::testing::fits_schema;
using srwm::testing::random_rl_spec;
using srwm::testing::random_spec;
using srwm::testing::refusal;

namespace {

const std::filesystem::path source_folder = SRWM_SOURCE_DIR;
const std::filesystem::path page = source_folder / "docs" / "spec.md";
constexpr std::string_view begin_mark = "<!-- keys: begin -->\n", end_mark = "<!-- keys: end -->";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The text between two marks.
std::string between(const std::string& text, std::string_view begin, std::string_view end) {
  const std::size_t first = text.find(begin);
  REQUIRE(first != std::string::npos);
  const std::size_t last = text.find(end, first + begin.size());
  REQUIRE(last != std::string::npos);
  return text.substr(first + begin.size(), last - first - begin.size());
}

void rewrite_tables() {
  std::string text = read(page);
  const std::string old = between(text, begin_mark, end_mark);
  text.replace(text.find(begin_mark) + begin_mark.size(), old.size(), markdown_tables());
  std::ofstream(page) << text;
}

/// A reinforcement-learning spec with one key set, and what the key needs to have a meaning.
json rl_spec_with(const Field& field) {
  json spec = {{"task", "rl"}, {"name", "a"}, {"figures", {{"source", "s"}}}, {"env", {{"games", {"signpost"}}}}};
  if (field.path == "env.first_level") spec["env"]["levels"] = 7;
  return spec;
}

/// A spec of a learning rule with what one key needs to have a meaning.
json vsml_spec_with(const Field& field) {
  json spec = {{"task", "vsml"}, {"name", "a"}, {"figures", {{"source", "s"}}}};
  const std::string_view words = field.condition.words;
  if (words.starts_with("model.kind is \"sgd\"")) spec["model"]["kind"] = "sgd";
  if (words == "model.kind is \"hebbian\"") spec["model"]["kind"] = "hebbian";
  if (words == "model.kind is \"fwp\"") spec["model"]["kind"] = "fwp";
  if (words.ends_with("\"fw_memory\"") && !words.starts_with("model.kind is \"vsml\""))
    spec["model"]["kind"] = "fw_memory";
  if (words == "model.layers is 2") spec["model"] = {{"kind", "adam"}, {"layers", 2}};
  if (words == "model.backward_pass is true") spec["model"]["backward_pass"] = true;
  if (words == "model.hidden has a layer") spec["model"]["hidden"] = {"dense 3"};
  if (words == "model.hidden has a convolution") spec["model"]["hidden"] = {"conv 3 2"};
  if (words == "episode.kind is \"few_shot\"") spec["episode"]["kind"] = "few_shot";
  if (words == "train.gradient is not \"evolution\"") spec["train"]["gradient"] = "backward";
  if (words.starts_with("train.gradient is \"clone\"")) {
    spec["train"] = {{"gradient", "clone"}};
    spec["model"] = {{"backward_pass", true},
                     {"separate_backward", true},
                     {"merge", "sum"},
                     {"output_index", 0},
                     {"random_part", 0.0625}};
  }
  if (words.starts_with("\"glyphs\"")) {
    for (const char* group : {"data", "validation", "test"}) spec[group]["datasets"] = {"glyphs"};
  }
  return spec;
}

/// A spec with one key set, and what the key needs to have a meaning.
json spec_with(const SpecKeys& keys, const Field& field, const json& value) {
  json spec = {{"name", "a"}, {"figures", {{"source", "s"}}}};
  if (keys.task() == "rl") spec = rl_spec_with(field);
  if (keys.task() == "vsml") spec = vsml_spec_with(field);
  if (keys.task() == "fewshot" && field.condition.words == "train.gradient is \"evolution\"") {
    spec["train"]["gradient"] = "evolution";
  }
  if (field.path.starts_with("optim.warmup")) spec["optim"]["schedule"] = "linear_warmup";
  if (field.path.starts_with("optim.decay")) spec["optim"]["schedule"] = "cosine";
  if (field.path == "model.vision.size") spec["model"]["vision"]["kind"] = "res12";
  if (field.path == "protocol.ways_steps") spec["protocol"]["first_ways"] = 2;
  const bool sequential = field.condition.words == "protocol.kind is \"sequential\"";
  if (sequential) spec["protocol"]["kind"] = "sequential";
  if (field.condition.key == "bootstrap.kind") spec["bootstrap"]["kind"] = "kl";
  std::string pointer = fmt::format("/{}", field.path);
  std::ranges::replace(pointer, '.', '/');
  spec[json::json_pointer(pointer)] = value;
  return spec;
}

}  // namespace

TEST_CASE("paths are unique, and every group is declared and used") {
  const SpecKeys& keys = *GENERATE(from_range(all_keys().begin(), all_keys().end()));
  std::set<std::string_view> paths, used;
  for (const Field& field : keys.fields()) {
    CHECK(paths.insert(field.path).second);
    CHECK(keys.find_group(field.path) == nullptr);
    for (std::string_view group = parent_of(field.path); !group.empty(); group = parent_of(group)) {
      CHECK(keys.find_group(group) != nullptr);
      used.insert(group);
    }
    CHECK((field.condition.key.empty() || keys.find_field(field.condition.key) != nullptr));
    CHECK(field.meaning.ends_with('.'));
  }
  CHECK(used.size() == keys.groups().size());
}

TEST_CASE("every architecture is drawn, in explain and in docs/models.md") {
  const std::string models = read(page.parent_path() / "models.md");
  for (const char* key : {"model.vision.kind", "model.core.kind"}) {
    const auto& choice = std::get<ChoiceKey>(fewshot_keys().find_field(key)->type);
    for (const std::string_view value : choice.names) {
      INFO(key << " " << value);
      const auto drawn = std::ranges::find_if(
          fewshot_pictures(), [&](const Picture& picture) { return picture.key == key && picture.value == value; });
      REQUIRE(drawn != fewshot_pictures().end());
      CHECK(explain(key).find(drawn->text) != std::string::npos);
    }
  }
  for (const Picture& picture : fewshot_pictures()) {
    INFO(picture.text);
    CHECK(models.find(picture.text) != std::string::npos);
  }
}

TEST_CASE("every default is allowed") {
  const SpecKeys& keys = *GENERATE(from_range(all_keys().begin(), all_keys().end()));
  for (const Field& field : keys.fields()) {
    if (keys.is_required(field)) continue;
    INFO(field.path);
    if (field.path == "env.games") continue;  // must not be empty for the built-in games
    const json value = json::parse(value_of(field, keys.defaults()).dump());
    if (field.path != "protocol.ways_steps") CHECK(refusal(spec_with(keys, field, value).dump()) == "valid");
    CHECK(fits_schema(spec_with(keys, field, value), json::parse(json_schema(keys))));
  }
}

TEST_CASE("parser and schema take the same values for every key") {
  const SpecKeys& keys = *GENERATE(from_range(all_keys().begin(), all_keys().end()));
  const json schema = json::parse(json_schema(keys));
  const std::vector<json> values = {nullptr,
                                    true,
                                    0,
                                    1,
                                    2,
                                    5,
                                    16,
                                    17,
                                    -1,
                                    0.5,
                                    1.0,
                                    1.5,
                                    4.5,
                                    -0.5,
                                    21,
                                    1e18,
                                    "",
                                    "a",
                                    "a b",
                                    "a\nb",
                                    "lstm",
                                    "srwm",
                                    "constant",
                                    "sync",
                                    "conv4",
                                    json::array(),
                                    json::object(),
                                    json::array({1}),
                                    json::array({"a=b"}),
                                    json::array({1, "a"}),
                                    json::array({json::array()})};
  for (const Field& field : keys.fields()) {
    for (const json& value : values) {
      const json spec = spec_with(keys, field, value);
      INFO(spec.dump());
      // The message about the key "task" names all tasks.
      const std::string refused = field.path == "task"
                                      ? "task: must be one of "
                                      : fmt::format("{}: must be {}; found ", field.path, allowed_values(field.type));
      const bool is_taken = refusal(spec.dump()).find(refused) == std::string::npos;
      CHECK(is_taken == fits_schema(spec, schema));
    }
  }
}

TEST_CASE("resolved specs fit the schema; unknown and missing keys do not") {
  const json schema = json::parse(json_schema(fewshot_keys()));
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    CHECK(fits_schema(json::parse(to_json(random_spec(seed))), schema));
    CHECK(fits_schema(json::parse(to_json(random_rl_spec(seed))), json::parse(json_schema(rl_keys()))));
  }
  CHECK_FALSE(fits_schema(json::parse(R"({"name": "a", "nam": 1})"), schema));
  CHECK_FALSE(fits_schema(json::parse(R"({"name": "a", "train": {"stesp": 1}})"), schema));
  CHECK_FALSE(fits_schema(json::parse("{}"), schema));
}

TEST_CASE("the tables of docs/spec.md are those of the declaration") {
  if (std::getenv("SRWM_UPDATE_DOCS") != nullptr) rewrite_tables();
  INFO(
      "docs/spec.md is out of date: run this test once with SRWM_UPDATE_DOCS=1 set, or put the output of 'srwm config "
      "explain --markdown' between its marks.");
  CHECK(between(read(page), begin_mark, end_mark) == markdown_tables());
}

TEST_CASE("the example of docs/spec.md is a valid spec") {
  CHECK(refusal(between(read(page), "```json\n", "```")) == "valid");
}

TEST_CASE("every spec in experiments/ is valid") {
  int specs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder / "experiments")) {
    const std::string name = entry.path().filename();
    if (entry.path().extension() != ".json" || name == "table.json" || name == "sweep.json") continue;
    ++specs;
    INFO(entry.path());
    std::unique_ptr<AnySpec> spec;
    CHECK_NOTHROW(spec = load_any_spec(entry.path()));
    // What extends another spec leaves out the task and drops keys by null, of which the schema of a whole one knows
    // nothing.
    const json file = json::parse(read(entry.path()));
    const json whole = file.contains("extends") ? json::parse(to_json(*spec)) : file;
    CHECK(fits_schema(whole, json::parse(json_schema(spec->keys()))));
  }
  CHECK(specs > 0);
}

TEST_CASE("explain knows every key and group, and the nearest of those it does not know") {
  using Catch::Matchers::Contains;
  for (const SpecKeys* keys : all_keys()) {
    for (const Field& field : keys->fields()) {
      CHECK_THAT(explain(field.path), Contains(std::string(field.meaning)) && Contains(allowed_values(field.type)));
      CHECK_THAT(explain(""), Contains(fmt::format("{}\n    {}", field.path, field.meaning)));
    }
    for (const Group& group : keys->groups()) {
      CHECK_THAT(explain(group.path), Contains(std::string(group.meaning)));
    }
  }
  CHECK_THAT(explain("train.batch"), Contains("In specs of few-shot learning") && Contains("Unrolls in a pass"));
  CHECK_THAT(explain("model.core.heads"), Contains("default: 16") && Contains("only if: model.core.kind is not"));
  CHECK_THAT(explain("model"), Contains("model.vision.channels") && !Contains("optim.rate"));
  CHECK_THROWS_WITH(explain("model.core.head"),
                    "There is no key 'model.core.head'. Did you mean model.core.heads? "
                    "'srwm config explain' lists all keys.");
}
