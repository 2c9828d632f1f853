#include "run/result.h"

#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "io/file.h"
#include "ops/backend.h"
#include "support/temp_dir.h"

using namespace srwm;

TEST_CASE("the result says what came out and how", "[result]") {
  const TempDir dir;
  const RunPaths paths{dir.path()};
  RunResult result;
  result.sections = {{"test", {{"accuracy", 0.974}, {"ci95", 1e-3}, {"episodes", 32000}, {"split", "test"}}},
                     {"validation", {{"accuracy", std::numeric_limits<double>::quiet_NaN()}}}};
  result.steps = 300000;
  result.wall_seconds = 12.5;
  result.seed = 18446744073709551615u;
  const Context context(cpu_backend(), DType::f32, 2);
  write_result(paths, result, Statement(context, "00ff", R"({"name": "demo", "model": {"heads": 16}})"));
  const std::string text = read_text_file(paths.result());
  CHECK(text.starts_with("{\n  \"test\": {\n    \"accuracy\": 0.974,\n"));
  const nlohmann::json json = nlohmann::json::parse(text);
  CHECK(json["test"]["episodes"] == 32000);
  CHECK(json["test"]["episodes"].is_number_integer());
  CHECK(json["test"]["split"] == "test");
  CHECK(json["validation"]["accuracy"].is_null());
  CHECK(json["steps"] == 300000);
  CHECK(json["seed"] == "18446744073709551615");
  CHECK(json["wall_seconds"] == 12.5);
  CHECK(json["spec"]["model"]["heads"] == 16);
  CHECK(json["commit"] == build_info().commit);
}
