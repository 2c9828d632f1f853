#include "run/result.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/version.h"
#include "io/file.h"

namespace srwm {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ResultValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);  // a double that is not finite is printed as null
}

Json to_json(const ResultSection& section) {
  Json object = Json::object();
  for (const auto& [name, value] : section.values) object[name] = to_json(value);
  return object;
}

void add_build(Json& object) {
  const BuildInfo& build = build_info();
  object["version"] = build.version;
  object["commit"] = build.commit;
  object["dirty"] = build.dirty;
  object["build_type"] = build.build_type;
  object["compiler"] = build.compiler;
}

Json libraries_json(const std::vector<LibraryVersion>& libraries) {
  Json object = Json::object();
  for (const LibraryVersion& library : libraries) object[library.name] = library.version;
  return object;
}

Json parse_spec(const std::string& text) {
  if (text.empty()) return nullptr;
  Json spec = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  SRWM_CHECK(!spec.is_discarded(), "the resolved spec is no JSON: {}", text);
  return spec;
}

}  // namespace

std::string result_json(const RunResult& result) {
  Json object = Json::object();
  for (const ResultSection& section : result.sections) object[section.name] = to_json(section);
  object["steps"] = result.steps;
  object["wall_seconds"] = result.wall_seconds;
  object["images_per_second"] = result.images_per_second;
  object["seed"] = result.seed;
  object["device"] = result.device;
  object["threads"] = result.threads;
  object["host"] = host_name();
  object["cpu"] = cpu_model();
  object["data_digest"] = result.data_digest;
  add_build(object);
  object["libraries"] = libraries_json(result.libraries);
  object["spec"] = parse_spec(result.spec_json);
  return object.dump(2) + "\n";
}

void write_result(const RunPaths& paths, const RunResult& result) {
  write_file_atomically(paths.result(), result_json(result));
}

}  // namespace srwm
