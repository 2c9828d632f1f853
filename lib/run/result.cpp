#include "run/result.h"

#include <cmath>

#include <nlohmann/json.hpp>

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

}  // namespace

std::string result_json(const RunResult& result, const Statement& statement) {
  Json object = Json::object();
  for (const ResultSection& section : result.sections) object[section.name] = to_json(section);
  object["steps"] = result.steps;
  object["wall_seconds"] = result.wall_seconds;
  object["images_per_second"] = result.images_per_second;
  object["seed"] = result.seed;
  add_statement(object, statement);
  return object.dump(2) + "\n";
}

void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement) {
  write_file_atomically(paths.result(), result_json(result, statement));
}

}  // namespace srwm
