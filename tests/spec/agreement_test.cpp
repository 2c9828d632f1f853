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
#include "spec/explain.h"
#include "spec/fields.h"
#include "spec/parse.h"
#include "spec/pictures.h"
#include "spec/print.h"
#include "spec/schema_check.h"
#include "spec/spec_testing.h"

using namespace srwm;
using nlohmann::json;
using srwm::testing::fits_schema;
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

/// A spec with one key set, and what the key needs to have a meaning.
json spec_with(const Field& field, const json& value) {
  json spec = {{"name", "a"}, {"figures", {{"source", "s"}}}};
  if (field.path.starts_with("optim.warmup")) spec["optim"]["schedule"] = "linear_warmup";
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
  std::set<std::string_view> paths, used;
  for (const Field& field : fields()) {
    CHECK(paths.insert(field.path).second);
    CHECK(find_group(field.path) == nullptr);
    for (std::string_view group = parent_of(field.path); !group.empty(); group = parent_of(group)) {
      CHECK(find_group(group) != nullptr);
      used.insert(group);
    }
    CHECK((field.condition.key.empty() || find_field(field.condition.key) != nullptr));
    CHECK(field.meaning.ends_with('.'));
  }
  CHECK(used.size() == groups().size());
}

TEST_CASE("every architecture is drawn, in explain and in docs/models.md") {
  const std::string models = read(page.parent_path() / "models.md");
  for (const char* key : {"model.vision.kind", "model.core.kind"}) {
    const auto& choice = std::get<ChoiceKey>(find_field(key)->type);
    for (const std::string_view value : choice.names) {
      INFO(key << " " << value);
      const auto drawn = std::ranges::find_if(
          pictures(), [&](const Picture& picture) { return picture.key == key && picture.value == value; });
      REQUIRE(drawn != pictures().end());
      CHECK(explain(key).find(drawn->text) != std::string::npos);
    }
  }
  for (const Picture& picture : pictures()) {
    INFO(picture.text);
    CHECK(models.find(picture.text) != std::string::npos);
  }
}

TEST_CASE("every default is allowed") {
  for (const Field& field : fields()) {
    if (is_required(field)) continue;
    INFO(field.path);
    const json value = json::parse(value_of(field, ExperimentSpec()).dump());
    if (field.path != "protocol.ways_steps") CHECK(refusal(spec_with(field, value).dump()) == "valid");
    CHECK(fits_schema(spec_with(field, value), json::parse(json_schema())));
  }
}

TEST_CASE("parser and schema take the same values for every key") {
  const json schema = json::parse(json_schema());
  const std::vector<json> values = {
      nullptr,       true, 0,    1,  2,   5,     16,     17,     -1,     0.5,        1.0,    1.5,     4.5,
      -0.5,          21,   1e18, "", "a", "a b", "a\nb", "lstm", "srwm", "constant", "sync", "conv4", json::array(),
      json::object()};
  for (const Field& field : fields()) {
    for (const json& value : values) {
      const json spec = spec_with(field, value);
      INFO(spec.dump());
      const std::string refused = fmt::format("{}: must be {}; found ", field.path, allowed_values(field.type));
      const bool is_taken = refusal(spec.dump()).find(refused) == std::string::npos;
      CHECK(is_taken == fits_schema(spec, schema));
    }
  }
}

TEST_CASE("resolved specs fit the schema; unknown and missing keys do not") {
  const json schema = json::parse(json_schema());
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    CHECK(fits_schema(json::parse(to_json(random_spec(seed))), schema));
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
    CHECK(refusal(read(entry.path())) == "valid");
    CHECK(fits_schema(json::parse(read(entry.path())), json::parse(json_schema())));
  }
  CHECK(specs > 0);
}

TEST_CASE("explain knows every key and group, and the nearest of those it does not know") {
  using Catch::Matchers::Contains;
  for (const Field& field : fields()) {
    CHECK_THAT(explain(field.path), Contains(std::string(field.meaning)) && Contains(allowed_values(field.type)));
    const std::string text = explain(field.path);
    CHECK_THAT(explain(""), Contains(text.substr(0, text.find("\n\""))));  // without drawings
  }
  for (const Group& group : groups()) CHECK_THAT(explain(group.path), Contains(std::string(group.meaning)));
  CHECK_THAT(explain("model.core.heads"), Contains("default: 16") && Contains("only if: model.core.kind is not"));
  CHECK_THAT(explain("model"), Contains("model.vision.channels") && !Contains("optim.rate"));
  CHECK_THROWS_WITH(explain("model.core.head"),
                    "There is no key 'model.core.head'. Did you mean model.core.heads? "
                    "'srwm config explain' lists all keys.");
}
